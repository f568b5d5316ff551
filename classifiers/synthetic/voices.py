"""Which files of the corpus are a voice and nothing else, where the manifest has no column ``voice`` that says so.

Seen in spectrograms: one harmonic series at a time and pauses of digital silence. Voice stems, singing synthesis,
singing passed through a codec, one person humming; and speech that collections carry among their music.
"""

SUNG, SPOKEN = "sung", "spoken"
_SUNG = {
    "resynth_mucodec": "0ae2b1ed29f3 2038806a0835 432f5e5abf77 c87558565593",
    "songcreator": "75643555f4f4 8667295fff64 9a2103d06dc4",
    "songcreator_prompt_stems": (
        "19d54bd460c7 33e910952f58 548bd078a299 687a59216e51 bef6f94aa24b cc60e4a5974b f29293a1e511"
    ),
    "stable_audio2_inputs": "d1f16ceab8cc",
    "unagan": (
        "1b51683e4521 2ae3f56b4d03 597ac7389409 6a8230a6abcb 767376550a27 77bf2e448100 7fae430ebc50 "
        "992cd537a894 9af007f20d5b b96d7dede524 cadad2eea2da e28f260f6ead e540db334ddf"
    ),
}
_SPOKEN = {
    "guerrero_y_gonzales": "11d9bf74b83e 3f1aa24b4209",
    "rave": "0c682bb35f19 4ccac60dcf93",
    "resynth_mucodec": "43bbc7f7a164 ab356c65c67d df697c370f96",
    "supertuxkart-data": "a38f6c7ed915",
}

KNOWN = {
    (source, name): voice
    for voice, sources in ((SUNG, _SUNG), (SPOKEN, _SPOKEN))
    for source, names in sources.items()
    for name in names.split()
}
