# SPDX-FileCopyrightText: 2026 The backline authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Just enough OSC 1.0 over UDP to steer the servers that are compared."""
import json
import socket
import struct
import time


class NoReply(Exception):
    """A server did not answer in time, or said that it failed."""


def padded(data):
    return data + b"\0" * (-len(data) % 4)


def message(address, *arguments):
    """A packet; int, float, str and bytes become i, f, s and b."""
    tags, body = ",", b""
    for value in arguments:
        if isinstance(value, int):
            tags, body = tags + "i", body + struct.pack(">i", value)
        elif isinstance(value, float):
            tags, body = tags + "f", body + struct.pack(">f", value)
        elif isinstance(value, str):
            tags, body = tags + "s", body + padded(value.encode() + b"\0")
        else:
            tags, body = tags + "b", body + struct.pack(">i", len(value)) + padded(value)
    return padded(address.encode() + b"\0") + padded(tags.encode() + b"\0") + body


def bundle(messages, timetag=1):
    """A packet of packets; timetag 1 is now."""
    return b"#bundle\0" + struct.pack(">Q", timetag) + b"".join(
        struct.pack(">i", len(m)) + m for m in messages)


def parse(packet):
    """[address, arguments...] of a message."""
    def text(at):
        end = packet.index(b"\0", at)
        return packet[at:end].decode(), (end + 4) & ~3

    address, at = text(0)
    tags, at = text(at)
    values = [address]
    for tag in tags[1:]:
        if tag in "sS":
            value, at = text(at)
        elif tag == "b":
            size, = struct.unpack_from(">i", packet, at)
            value, at = packet[at + 4:at + 4 + size], at + 4 + (size + 3 & ~3)
        elif tag in "ifhd":
            value, = struct.unpack_from(">" + {"h": "q"}.get(tag, tag), packet, at)
            at += 4 if tag in "if" else 8
        else:
            value = {"T": True, "F": False}.get(tag)
        values.append(value)
    return values


class Peer:
    """A server at a UDP port of this machine."""

    def __init__(self, port):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(("127.0.0.1", port))

    def close(self):
        self.socket.close()

    def send(self, packet):
        self.socket.send(packet)

    def ask(self, packet, wanted, limit_s=10.0):
        """Sends, and returns the first reply of which wanted(values) holds."""
        self.send(packet)
        end = time.monotonic() + limit_s
        while (left := end - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                values = parse(self.socket.recv(65536))
            except (TimeoutError, ConnectionRefusedError):
                break
            if values[0] == "/fail":
                raise NoReply(" ".join(str(value) for value in values))
            if wanted(values):
                return values
        raise NoReply("no reply in time")

    def ask_json(self, address):
        """The structured reply of a backlined, all pages of it."""
        text = ""
        while True:
            *_, total, page = self.ask(message(address, len(text.encode())) if text else
                                       message(address),
                                       lambda v: v[0] == "/done" and v[2] == address)
            text += page
            if len(text.encode()) >= total:
                return json.loads(text)
