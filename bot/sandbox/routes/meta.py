"""What the host itself says.  https://docs.github.com/rest/meta/meta"""

from bot.sandbox.errors import not_found
from bot.sandbox.routing import Answer, Call, Router

router = Router()


@router.route("GET", "/versions", "anyone")
async def get_versions(call: Call) -> Answer:
    """An older GitHub Enterprise Server has no versions."""
    if not call.world.versions:
        raise not_found()
    return Answer(body=list(call.world.versions))
