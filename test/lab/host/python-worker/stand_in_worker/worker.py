"""Answers the host, one JSON object a line, over the socket at file descriptor 3."""
import asyncio
import json
import logging
import os
import socket
import sys
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor

from . import invoking, loading


class Channel:
    """The socket; several threads send."""

    def __init__(self):
        self._socket = socket.socket(fileno=3)
        self._lock = threading.Lock()
        self.lines = self._socket.makefile("rb")

    def send(self, message):
        line = json.dumps(message).encode() + b"\n"
        with self._lock:
            self._socket.sendall(line)


class HostLog(logging.Handler):
    """Hands the records of Python's logging to the host's log."""

    levels = {"DEBUG": "debug", "INFO": "information", "WARNING": "warning", "ERROR": "error", "CRITICAL": "critical"}

    def __init__(self, channel):
        super().__init__(logging.INFO)
        self._channel = channel

    def emit(self, record):
        level = self.levels.get(record.levelname, "information")
        self._channel.send({"kind": "log", "level": level, "text": self.format(record)})


class Worker:
    def __init__(self, channel, loop):
        self._channel = channel
        self._loop = loop
        self._functions = {}
        count = int(os.environ.get("PYTHON_THREADPOOL_THREAD_COUNT") or 0)
        self._threads = ThreadPoolExecutor(count or None)
        self._requests = {"load": self._load, "invoke": self._invoke}

    async def answer(self, message):
        try:
            reply = await self._requests[message["kind"]](message)
            self._channel.send({"kind": "result", "id": message["id"], **reply})
        except BaseException as error:  # an app may even call sys.exit; the host must learn of it
            self._channel.send({"kind": "failure", "id": message["id"], "message": f"{type(error).__name__}: {error}",
                                "stack": "".join(traceback.format_exception(error))})

    async def _load(self, message):
        reply, self._functions = loading.load(message["root"], message["functions"])
        return reply

    async def _invoke(self, message):
        return await invoking.invoke(self._functions[message["name"]], message, self._loop, self._threads)


async def serve(channel):
    loop = asyncio.get_running_loop()
    worker = Worker(channel, loop)
    tasks = set()
    while line := await loop.run_in_executor(None, channel.lines.readline):
        task = asyncio.create_task(worker.answer(json.loads(line)))
        tasks.add(task)
        task.add_done_callback(tasks.discard)


def main():
    channel = Channel()
    handler = HostLog(channel)
    handler.setFormatter(logging.Formatter("%(message)s"))
    logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(logging.INFO)
    asyncio.run(serve(channel))
    sys.stdout.flush()
    # The host has gone: threads of the app must not keep the process.
    os._exit(0)
