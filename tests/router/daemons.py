"""Ends in the middle of the requests of daemon threads; run by `test_forks` as a process."""

import sys
import threading
import time

from semroute import SemanticRouter

TEXTS = ("topic0a topic0b", "topic1a " * 100)


def main(folder: str) -> None:
    router = SemanticRouter.load(folder, n_cached=0)

    def route() -> None:
        while True:
            router.route_batch(TEXTS)

    for _ in range(2):
        threading.Thread(target=route, daemon=True).start()
    time.sleep(0.2)
    print("ended")


if __name__ == "__main__":
    main(*sys.argv[1:])
