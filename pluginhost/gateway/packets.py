"""Packets that cannot hurt: whatever a script sends is an event we know, or the event `malformed`.

Without this a frame that is no JSON costs the rest of its long-polling request, an event named `disconnect`
would pass for the end of the connection, and one nested a million deep would end it.
"""

from __future__ import annotations

import json
from typing import Any

from socketio import packet

KNOWN_EVENTS = {"heartbeat", "hello", "log", "progress", "response", "test_order"}
MALFORMED = "malformed"
NAMESPACE = "/plugin"
EVENT_PACKET = f"42{NAMESPACE},"
LOG_PACKET = f'{EVENT_PACKET}["log",'
"""How a log event begins that has neither attachments nor wants an acknowledgement."""
PROBE_NUMBER = 0
"""The acknowledgement that a probe asks for; the library counts those of orders from 1."""
PROBE = f'{EVENT_PACKET}{PROBE_NUMBER}["probe"]'[1:]
"""An event that no client knows, and every client acknowledges. Engine.IO puts its own first digit before it."""
PROBE_ANSWER = f"43{NAMESPACE},{PROBE_NUMBER}[]"
MOST_ATTACHMENTS = 64


class SafeJson:
    """The two functions of `json` that Socket.IO uses; what is nested too deeply is an error like any other."""

    @staticmethod
    def dumps(value: Any, **options: Any) -> str:
        return json.dumps(value, **options)

    @staticmethod
    def loads(text: str) -> Any:
        try:
            return json.loads(text)
        except RecursionError:
            raise ValueError("nested too deeply") from None


class GuardedPacket(packet.Packet):  # type: ignore[misc]
    """A packet whose events are known ones."""

    packet_type: int
    data: Any

    def decode(self, encoded_packet: str) -> int:
        try:
            attachments = super().decode(encoded_packet)
        except (ValueError, IndexError, TypeError):
            return self._become_malformed("it is not a Socket.IO packet with JSON in it")
        if self.packet_type in (packet.EVENT, packet.BINARY_EVENT):
            return self._guarded(attachments)
        if self.packet_type == packet.ACK and not isinstance(self.data, list):
            self.data = []
        return attachments

    def _guarded(self, attachments: int) -> int:
        if not isinstance(self.data, list) or not self.data or not isinstance(self.data[0], str):
            return self._become_malformed("an event needs a list that begins with its name")
        if self.data[0] not in KNOWN_EVENTS:
            return self._become_malformed(f"there is no event {self.data[0][:40]!r}")
        if attachments > MOST_ATTACHMENTS:
            return self._become_malformed(f"an event has at most {MOST_ATTACHMENTS} binary attachments")
        if not attachments:
            self.packet_type = packet.EVENT  # a binary event that announces none would wait for ever
        return attachments

    def add_attachment(self, attachment: bytes) -> bool:
        """Text in the place of an attachment, or a placeholder that counts wrong, spoils this event alone."""
        try:
            whole = super().add_attachment(attachment)
        except (ValueError, IndexError, TypeError, KeyError, RecursionError):
            self._become_malformed("its binary attachments do not fit its placeholders")
            self.packet_type = packet.BINARY_EVENT  # else the server takes it for an acknowledgement
            return True
        return bool(whole)

    def _become_malformed(self, reason: str) -> int:
        self.packet_type, self.namespace, self.id = packet.EVENT, NAMESPACE, None
        self.data = [MALFORMED, reason]
        return 0
