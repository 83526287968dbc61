"""Emoji that are written as several characters and seen as one: joined ones, skin tones, variants."""

from __future__ import annotations

_BASE = "[\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001f3fa\U0001f400-\U0001faff]"
_MORE = "(?:\ufe0f|[\U0001f3fb-\U0001f3ff])*"
JOINED = f"{_BASE}{_MORE}(?:\u200d{_BASE}{_MORE})+"
"""Emoji that are joined by U+200D into one, as a pattern."""
ONE = f"{JOINED}|{_BASE}(?:\ufe0f|[\U0001f3fb-\U0001f3ff])+"
"""What is seen as one picture, two columns wide, as a pattern."""
