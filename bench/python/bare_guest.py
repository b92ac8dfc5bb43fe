"""One JSON line each way and no more: all lines of one read are answered in one write."""

import json
import os

rest = b""
while chunk := os.read(0, 65536):
    *lines, rest = (rest + chunk).split(b"\n")
    os.write(1, b"".join(json.dumps(json.loads(line)).encode() + b"\n" for line in lines))
