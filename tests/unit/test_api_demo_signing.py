"""The demonstration's certificate authority: trusted with its root, valid without, broken when tampered with."""

import pytest

from api.demo.signing import make_certificates, sign
from api.demo.sound import encode, white_noise
from classifiers.provenance import read_manifest
from schemas.screening import ProvenanceState


@pytest.fixture(scope="module")
def certificates():
    return make_certificates("Inventors")


@pytest.fixture(scope="module")
def signed(certificates):
    return sign(encode(white_noise(1.0, seed=3), "mp3"), "audio/mpeg", "A Song", "Inventor's Tool", certificates)


def manifest_of(data, tmp_path, root=None):
    path = tmp_path / "song.mp3"
    path.write_bytes(data)
    anchors = None
    if root:
        (tmp_path / "root.pem").write_bytes(root)
        anchors = str(tmp_path / "root.pem")
    return read_manifest(str(path), anchors)


def test_the_manifest_says_that_a_model_made_it(signed, certificates, tmp_path):
    manifest = manifest_of(signed, tmp_path, certificates.root)

    assert manifest.state is ProvenanceState.TRUSTED
    assert manifest.digital_source_types == ("trainedAlgorithmicMedia",)
    assert "Inventor's Tool" in manifest.generator
    assert manifest.issuer == "Inventors"


def test_nobody_else_trusts_the_root(signed, tmp_path):
    assert manifest_of(signed, tmp_path).state is ProvenanceState.VALID


def test_a_changed_sound_is_invalid(signed, certificates, tmp_path):
    changed = bytearray(signed)
    changed[-1000] ^= 0xFF

    assert manifest_of(bytes(changed), tmp_path, certificates.root).state is ProvenanceState.INVALID


def test_every_authority_has_its_own_keys(certificates):
    assert make_certificates("Inventors").root != certificates.root
