"""A throw-away certificate authority that signs the demonstration's AI file with a C2PA manifest.

Keys are made anew for each catalogue and never stored. The root certificate stays beside the
catalogue, so that the demonstration, and nobody else, trusts what it signed.
"""

import io
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import c2pa
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFETIME = timedelta(days=3650)  # a demonstration folder that is found years later still verifies
CLOCK_SKEW = timedelta(days=1)
SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"


@dataclass(frozen=True, slots=True)
class Certificates:
    """A root, a leaf with its chain, and the leaf's key; all PEM."""

    root: bytes
    chain: bytes
    key: bytes


def make_certificates(organisation: str) -> Certificates:
    """Make a root and a leaf that may sign C2PA claims (ES256, EKU emailProtection)."""
    root_key, leaf_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root_name = _name(organisation, "Demonstration Root")
    root = _root(root_name, root_key)
    leaf = _leaf(_name(organisation, "Demonstration Signer"), leaf_key, root_name, root_key)
    pem = serialization.Encoding.PEM
    key = leaf_key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return Certificates(root.public_bytes(pem), leaf.public_bytes(pem) + root.public_bytes(pem), key)


def sign(audio: bytes, mime: str, title: str, generator: str, certificates: Certificates) -> bytes:
    """Embed a manifest that states that a trained model made the whole file.

    Parameters
    ----------
    audio
        The file's bytes.
    mime
        E.g. ``audio/mpeg``.
    title, generator
        What the manifest calls the asset, and the tool that claims it.
    certificates
        Who signs.

    Returns
    -------
    bytes
        The signed file.
    """
    info = c2pa.C2paSignerInfo(alg=b"es256", sign_cert=certificates.chain, private_key=certificates.key, ta_url=None)
    target = io.BytesIO()
    with c2pa.Signer.from_info(info) as signer, c2pa.Builder(_manifest(mime, title, generator)) as builder:
        builder.sign(signer, mime, io.BytesIO(audio), target)
    return target.getvalue()


def _manifest(mime: str, title: str, generator: str) -> dict[str, object]:
    created = {"action": "c2pa.created", "digitalSourceType": SOURCE_TYPE}
    return {
        "claim_generator_info": [{"name": generator, "version": "2.1"}],
        "title": title,
        "format": mime,
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [created]}}],
    }


def _name(organisation: str, common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, f"{organisation} {common}"),
        ]
    )


def _certificate(
    subject: x509.Name, key: ec.EllipticCurvePrivateKey, issuer: x509.Name, issuer_key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _root(name: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    return (
        _certificate(name, key, name, key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )


def _leaf(
    name: x509.Name, key: ec.EllipticCurvePrivateKey, issuer: x509.Name, issuer_key: ec.EllipticCurvePrivateKey
) -> x509.Certificate:
    return (
        _certificate(name, key, issuer, issuer_key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
        .sign(issuer_key, hashes.SHA256())
    )
