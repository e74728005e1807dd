"""A small data set of the project's own making, simulated throughout, and the tour through it."""

from semroute.demo.dataset import DemoFiles, SampleRequest, requests, write_dataset

__all__ = ["DemoFiles", "SampleRequest", "requests", "write_dataset"]
