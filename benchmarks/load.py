"""A load generator: prepared bodies over keep-alive connections, from a process of its own."""

from __future__ import annotations

import argparse
import http.client
import json
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).parent))
import fixtures


def run(
    url: str, headers: dict[str, str], bodies: list[bytes], connections: int, seconds: float
) -> dict:
    """Send bodies in turn until the time is over; return requests acknowledged and refused.

    Records of a body have other ids and the present time each time that it is sent.
    """
    target = urlsplit(url)
    done, failed = [0] * connections, [0] * connections
    until = time.monotonic() + seconds

    def work(index: int) -> None:
        connection = http.client.HTTPConnection(target.hostname, target.port, timeout=60)
        turn = index
        while time.monotonic() < until:
            body = fixtures.again(bodies[turn % len(bodies)], turn)
            connection.request("POST", target.path, body, headers)
            response = connection.getresponse()
            response.read()
            if response.status == 200:
                done[index] += 1
            else:
                failed[index] += 1
                time.sleep(0.05)
            turn += connections
        connection.close()

    started = time.monotonic()
    threads = [threading.Thread(target=work, args=(index,)) for index in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"requests": sum(done), "failed": sum(failed), "seconds": time.monotonic() - started}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--signal", choices=("traces", "logs", "metrics"), default="traces")
    parser.add_argument("--header", action="append", default=[])
    parser.add_argument("--records", type=int, default=1000)
    parser.add_argument("--bodies", type=int, default=40)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=20)
    options = parser.parse_args()
    make = getattr(fixtures, options.signal)
    bodies = [make(seed, options.records) for seed in range(options.bodies)]
    headers = {"Content-Type": "application/x-protobuf"}
    headers |= dict(header.split(": ", 1) for header in options.header)
    result = run(options.url, headers, bodies, options.connections, options.seconds)
    result["records_per_second"] = result["requests"] * options.records / result["seconds"]
    print(json.dumps(result))


if __name__ == "__main__":
    main()
