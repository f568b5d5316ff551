"""Duplicates: every copy in a lake, found at once, on one machine or on many.

The join never holds the catalogue in memory, and no runner has to group it. Each step writes sorted arrays of
64-bit numbers into a scratch folder that all workers see; the next step takes one range out of all of them. Beam
carries only references (paths and counts), spreads them over the workers and retries what fails::

    shares of the lake | Sketch   keys and sounds of each recording, sorted
    ranges of sounds   | Twins    recordings with equal samples: one of them stands for all
    ranges of keys     | Join     pairs of recordings that share a key; keys in too many meet their earliest alone
    ranges of pairs    | Count    pairs that share more than one key
    ranges of numbers  | Sift     those that share more keys, too
    shares of the lake | Pick     their fingerprints
    ranges of numbers  | Verify   the comparison of the two recordings
    all links          | Stars    clusters around the earliest, in one pass
    ranges of ISRCs    | Named    recordings that bear the ISRC of an earlier one
    ranges of numbers  | Namesakes those of them that are another sound
    shares of the lake | Describe who they are
    buckets of stars   | Write    clusters, members and links as Parquet

What a range or a chunk holds is bounded, whatever the lake holds: `packing.RANGE_VALUES`, `join.HOT`.
"""
