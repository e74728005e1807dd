"""Clusterers: what groups unit vectors. One file per clusterer.

A clusterer is a frozen class of parameters with the members of `Clusterer`. To add one, write its
file here and add its class to `ClustererSettings` in `semroute/config/settings.py`: the
`[clustering]` table of `semroute.toml` takes its parameters, and the contract tests find it there.
"""
