"""The reactions that GitHub knows."""

from enum import StrEnum


class Reaction(StrEnum):
    """https://docs.github.com/en/rest/reactions/reactions#about-reactions."""

    PLUS_ONE = "+1"
    MINUS_ONE = "-1"
    LAUGH = "laugh"
    CONFUSED = "confused"
    HEART = "heart"
    HOORAY = "hooray"
    ROCKET = "rocket"
    EYES = "eyes"
