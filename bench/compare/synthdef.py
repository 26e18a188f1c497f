# SPDX-FileCopyrightText: 2026 The backline authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Synth definitions for scsynth and supernova: their file format "SCgf", version 2, and the ones that
are compared. All are mono."""
import struct

CONTROL, AUDIO = 1, 2  # rates
BUS = 16  # private: behind hardware outputs and inputs
MULTIPLY = 2  # special index of BinaryOpUGen


def text(value):
    return struct.pack("B", len(value)) + value.encode()


class Definition:
    """Unit generators in the order in which they run."""

    def __init__(self, name, **parameters):
        self.name, self.parameters = name, parameters
        self.constants, self.units = [], []
        if parameters:
            self.unit("Control", CONTROL, [], len(parameters))

    def unit(self, kind, rate, inputs, outputs=1, special=0):
        """Appends a unit; inputs are numbers or what unit() returned. Returns its first output."""
        self.units.append((kind, rate, [self.source(i) for i in inputs], outputs, special))
        return len(self.units) - 1, 0

    def source(self, value):
        if isinstance(value, tuple):
            return value
        if value not in self.constants:
            self.constants.append(value)
        return -1, self.constants.index(value)

    def data(self):
        names = list(self.parameters)
        out = text(self.name)
        out += struct.pack(f">i{len(self.constants)}f", len(self.constants), *self.constants)
        out += struct.pack(f">i{len(names)}f", len(names), *self.parameters.values())
        out += struct.pack(">i", len(names))
        out += b"".join(text(name) + struct.pack(">i", i) for i, name in enumerate(names))
        out += struct.pack(">i", len(self.units))
        for kind, rate, inputs, outputs, special in self.units:
            out += text(kind) + struct.pack(">biih", rate, len(inputs), outputs, special)
            out += b"".join(struct.pack(">ii", *source) for source in inputs)
            out += struct.pack("b", rate) * outputs
        return out + struct.pack(">h", 0)  # no variants


def file_of(*definitions):
    """The bytes of a definition file."""
    return b"SCgf" + struct.pack(">ih", 2, len(definitions)) + b"".join(
        definition.data() for definition in definitions)


def noise():
    """White noise onto the bus: what the first node hears."""
    d = Definition("noise")
    d.unit("Out", AUDIO, [BUS, d.unit("WhiteNoise", AUDIO, [])], 0)
    return d


def listen():
    """From the bus to the first output."""
    d = Definition("listen")
    d.unit("Out", AUDIO, [0, d.unit("In", AUDIO, [BUS])], 0)
    return d


def gains(count):
    """`count` gains in a row, from the bus back to it. With 1: a node of a chain."""
    d = Definition(f"gains{count}", gain=0.999)
    signal = d.unit("In", AUDIO, [BUS])
    for _ in range(count):
        signal = d.unit("BinaryOpUGen", AUDIO, [signal, (0, 0)], 1, MULTIPLY)
    d.unit("ReplaceOut", AUDIO, [BUS, signal], 0)
    return d


def peaks(count):
    """`count` peaking filters in a row, from noise of its own to the first output."""
    d = Definition(f"peaks{count}")
    signal = d.unit("WhiteNoise", AUDIO, [])
    for _ in range(count):
        signal = d.unit("BPeakEQ", AUDIO, [signal, 1200.0, 1.0, 3.0])
    signal = d.unit("BinaryOpUGen", AUDIO, [signal, 1e-6], 1, MULTIPLY)
    d.unit("Out", AUDIO, [0, signal], 0)
    return d


def tone():
    """The thinnest voice: a sine to the first output."""
    d = Definition("tone")
    d.unit("Out", AUDIO, [0, d.unit("SinOsc", AUDIO, [100.0, 0.0])], 0)
    return d
