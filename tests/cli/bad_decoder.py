#!/usr/bin/env python3
"""A decoder that goes wrong in another way than by a wrong answer: bad_decoder.py WAY."""

import json
import os
import socket
import sys
import time

way = sys.argv[1]
for line in sys.stdin:
    question = json.loads(line)
    answer = {"id": question["id"], "ok": True}
    good = json.dumps(answer)
    if question["question"] == "layout":
        print(good, flush=True)
    elif way == "crash":
        os.kill(os.getpid(), 11)
    elif way == "garbage":
        print("<html>\x00\xff</html>", flush=True)
    elif way == "half":
        sys.stdout.write(good[: len(good) // 2])
        sys.stdout.flush()
        sys.exit(0)
    elif way == "megabytes":
        while True:
            sys.stdout.write("x" * 65536)
    elif way == "memory":
        print("x" * (8 << 30), flush=True)
    elif way == "other":
        print(json.dumps({"id": question["id"] + 1, "extent": "0x0"}), flush=True)
    elif way == "child":  # one that would outlive it
        if os.fork() == 0:
            time.sleep(600)
        open(sys.argv[2], "a").write(f"{os.getpid()}\n")
        os._exit(1)
    elif way == "network":
        try:
            socket.create_connection(("127.0.0.1", int(sys.argv[2])), 2)
            why = "connected"
        except OSError as error:
            why = error.strerror
        print(json.dumps({"id": question["id"], "error": "unsupported", "why": why}), flush=True)
