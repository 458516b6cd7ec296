"""A small client of the meta protocol: opaque tokens on everything, quiet pipelines closed by
the mn barrier, encoded keys. Strict: a reply that does not carry its own opaque is an error.
"""

import base64


class MetaClient:
    def __init__(self, client):
        self.client = client  # A protocol.Client.
        self.opaque = 0

    def _request(self, command, key, flags, size=None):
        """(request, opaque). A key of any bytes is encoded when it has to be."""
        self.opaque += 1
        words = [command, key]
        if any(byte <= 32 or byte == 127 for byte in key):
            words[1], flags = base64.b64encode(key), (b"b", *flags)
        if size is not None:
            words.append(b"%d" % size)
        opaque = b"O%d" % self.opaque
        return b" ".join([*words, *flags, opaque]) + b"\r\n", opaque

    def _reply(self):
        """(code, {letter: argument}, value)"""
        words = self.client.line().split(b" ")
        if words[0].endswith(b"ERROR"):
            raise AssertionError(b" ".join(words))
        value = None
        if words[0] == b"VA":
            value = self.client.bytes(int(words.pop(1)) + 2)[:-2]
        return words[0], {word[:1]: word[1:] for word in words[1:] if word}, value

    def ask(self, command, key, *flags, value=None):
        request, opaque = self._request(command, key, flags, None if value is None else len(value))
        self.client.send(request if value is None else request + value + b"\r\n")
        code, told, body = self._reply()
        assert told[b"O"] == opaque[1:], f"{told} is not the reply to {opaque}"
        return code, told, body

    def get(self, key, *flags):
        return self.ask(b"mg", key, b"v", *flags)[2]

    def set(self, key, value, *flags):
        return self.ask(b"ms", key, *flags, value=value)[0]

    def quietly(self, requests):
        """[(command, key, flags, value or None)], all at once; {index: reply} of those that
        said something, in the order they said it, up to the barrier."""
        text, index_of = [], {}
        for index, (command, key, flags, value) in enumerate(requests):
            request, opaque = self._request(command, key, (b"q", *flags),
                                            None if value is None else len(value))
            index_of[opaque[1:]] = index
            text.append(request if value is None else request + value + b"\r\n")
        self.client.send(b"".join(text) + b"mn\r\n")
        told = {}
        while True:
            code, flags, value = self._reply()
            if code == b"MN":
                return told
            told[index_of[flags[b"O"]]] = code, flags, value
