"""The nouns: models, identifiers, the DDEX reader, rules and policies; bytes in, findings out."""
