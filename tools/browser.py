"""Chromium without a window, driven through its DevTools connection; the standard library alone."""
import base64
import json
import re
import secrets
import shutil
import socket
import struct
import subprocess
import time
import urllib.request


def program():
    """Where Chromium is, or None."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Browser:
    """Chromium and its DevTools connection: a web socket, spoken here with the standard library."""

    def __init__(self, program, folder):
        self.process = subprocess.Popen(
            [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
             "--window-size=1000,900", "--remote-debugging-port=0", f"--user-data-dir={folder}", "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            place = re.search(r"ws://127\.0\.0\.1:(\d+)/", line)
            if place:
                break
        else:
            raise RuntimeError("chromium ended before it listened")
        pages = json.load(urllib.request.urlopen(f"http://127.0.0.1:{place[1]}/json/list"))
        path = next(page for page in pages if page["type"] == "page")["webSocketDebuggerUrl"].split(place[1], 1)[1]
        self.socket = socket.create_connection(("127.0.0.1", int(place[1])), timeout=60)
        key = base64.b64encode(secrets.token_bytes(16)).decode()
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
        self.received = b""
        while b"\r\n\r\n" not in self.received:
            self.received += self.socket.recv(65536)
        self.received = self.received.split(b"\r\n\r\n", 1)[1]
        self.number = 0
        self.events = []

    def take(self, count):
        while len(self.received) < count:
            data = self.socket.recv(1 << 20)
            if not data:
                raise RuntimeError("chromium closed the connection")
            self.received += data
        taken, self.received = self.received[:count], self.received[count:]
        return taken

    def message(self):
        whole = b""
        while True:
            first, second = self.take(2)
            length = second & 127
            if length == 126:
                length = struct.unpack(">H", self.take(2))[0]
            elif length == 127:
                length = struct.unpack(">Q", self.take(8))[0]
            whole += self.take(length)
            if first & 128:
                return json.loads(whole)

    def call(self, method, **parameters):
        self.number += 1
        data = json.dumps({"id": self.number, "method": method, "params": parameters}).encode()
        head = bytes([0x81]) + (bytes([128 | len(data)]) if len(data) < 126 else
                                bytes([254]) + struct.pack(">H", len(data)) if len(data) < 65536 else
                                bytes([255]) + struct.pack(">Q", len(data)))
        mask = secrets.token_bytes(4)
        self.socket.sendall(head + mask + bytes(byte ^ mask[index % 4] for index, byte in enumerate(data)))
        while True:
            answer = self.message()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(answer["error"])
                return answer["result"]
            self.events.append(answer)

    def evaluate(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in result:
            raise RuntimeError(result["exceptionDetails"])
        return result["result"].get("value")

    def wait_for(self, expression, is_done, seconds):
        """What the expression, which gives JSON, says once that is enough."""
        end = time.monotonic() + seconds
        while True:
            state = json.loads(self.evaluate(expression))
            if is_done(state):
                return state
            if time.monotonic() > end:
                raise RuntimeError(f"the page did not get there: {state}")
            time.sleep(0.1)

    def complaints(self):
        """What the page's console says is wrong."""
        return [event for event in self.events
                if event.get("method") in ("Runtime.exceptionThrown", "Log.entryAdded")
                and event["params"].get("entry", {}).get("level", "error") == "error"
                and "favicon" not in json.dumps(event)]

    def darken(self, dark):
        """Asks for the dark (or light) colours."""
        self.call("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def save(self, path, dark=False):
        """A picture of what the window shows."""
        self.darken(dark)
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

    def end(self):
        self.process.kill()
        self.process.wait()
