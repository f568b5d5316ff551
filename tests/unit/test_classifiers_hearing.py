"""Everything that listens takes sound in blocks of any size, as decoders give it: the last one of a file is short."""

from types import SimpleNamespace

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from classifiers.hearing import _Ears

SOUND = (0.1 * np.random.default_rng(0).standard_normal((200_000, 6))).astype(np.float32)
BLOCKS = st.lists(st.one_of(st.integers(1, 5), st.integers(1, 3000), st.integers(1, 65_536)), min_size=1, max_size=8)


@settings(deadline=None, max_examples=60)
@example(44_100, 2, [65_536, 100])
@given(st.sampled_from([8000, 16_000, 22_050, 44_100, 48_000, 192_000]), st.sampled_from([1, 2, 6]), BLOCKS)
def test_blocks_may_have_any_size(rate, channels, blocks):
    ears, at = _Ears(SimpleNamespace(sample_rate_hz=rate, channels=channels, codec="pcm")), 0
    for size in blocks:
        at += len(ears.push(np.ascontiguousarray(SOUND[at : at + size, :channels])))

    heard, _ = ears.results()

    assert heard.signal("duration_s").value == at / rate
    assert all(np.isfinite(signal.value) for signal in heard.signals)
