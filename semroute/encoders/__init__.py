"""Encoders: what turns texts into unit vectors. One file per encoder.

An encoder is any class with the three members of `Encoder`. To add one, write its file here with a
frozen settings class (the `[encoder]` table of `semroute.toml`, told apart by `kind`), add that class
to `EncoderSettings` in `semroute/config.py` and a branch in `open_encoder` below; the contract tests
find it through `EncoderSettings`.
"""
