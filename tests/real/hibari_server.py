"""A server of OpenAI's shape around hibari, an English voice inside its package: python hibari_server.py PORT."""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock

import numpy as np
from hibari import Hibari

voice, engine = Hibari(), Lock()


class Speech(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if request["voice"] != voice.voice or request.get("response_format") != "pcm":
            return self.refuse({"message": "no such voice or format", "code": "VOICE_NOT_FOUND"})
        self.send_response(200)
        self.send_header("Content-Type", "audio/pcm")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        with engine:
            for samples in voice.stream(request["input"], request.get("speed", 1), seed=1):
                self.chunk((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
        self.wfile.write(b"0\r\n\r\n")

    def chunk(self, raw):
        if raw:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(raw), raw))

    def refuse(self, error):
        body = json.dumps({"error": error}).encode()
        self.send_response(400)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    def handle_error(self, *_):
        pass  # a client has left


voice("Ready.", seed=1)
Server(("127.0.0.1", int(sys.argv[1])), Speech).serve_forever()
