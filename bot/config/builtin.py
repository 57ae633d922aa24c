"""The built-in migration, which an absent ``.github/ssot.yml`` means, without its checklist.

Written by ``bot.config.frozen`` from the preset websocket-manager-factory, which is where changes are made.
"""

from bot.domain.migration import Action, Applicability, Condition, Config, Migration, Requirement, Rewrite, Target

CONFIG = Config(
    migrations=(
        Migration(
            name="websocket-manager-factory",
            targets=(
                Target(
                    name="netra_backend.app.websocket_core.websocket_manager_factory.get_websocket_manager_factory",
                    canonical="netra_backend.app.websocket_core.websocket_manager.WebSocketManager",
                ),
            ),
            rewrites=(
                Rewrite(
                    when=Condition.RESULT_UNUSED,
                    action=Action.DELETE_STATEMENT,
                    applicability=Applicability.SAFE,
                    message="The factory is made and never used.",
                ),
                Rewrite(
                    when=Condition.IMPORT_UNUSED,
                    action=Action.DELETE_STATEMENT,
                    applicability=Applicability.SAFE,
                    message="The name is imported and never used.",
                ),
                Rewrite(
                    when=Condition.ONLY_PROBED,
                    replace="$canonical",
                    applicability=Applicability.SAFE,
                    message="Only its presence is tested, which the class itself answers as well.",
                ),
                Rewrite(
                    match="await $deprecated()($context)",
                    replace="$canonical(user_context=$context)",
                    safe_if={"$context": "netra_backend.app.services.user_execution_context.UserExecutionContext"},
                    message="The manager is made for the user's context, without the factory.",
                ),
                Rewrite(
                    match="await $deprecated().create_manager($context)",
                    replace="$canonical(user_context=$context)",
                    message="The factory reuses managers and limits their number; the class does neither.",
                ),
                Rewrite(
                    match="$deprecated().create_manager($context)",
                    replace="$canonical(user_context=$context)",
                    message="The factory reuses managers and limits their number; the class does neither.",
                ),
                Rewrite(
                    match="$deprecated().get_or_create_manager($*args, $**kwargs)",
                    applicability=Applicability.DISPLAY_ONLY,
                    message="Nothing takes the place of the factory's registry: hand the user's manager to where it is needed, and never make one without a context.",
                ),
                Rewrite(
                    match="$deprecated().get_factory_stats($*args, $**kwargs)",
                    applicability=Applicability.DISPLAY_ONLY,
                    message="The class keeps no statistics of all managers; count connections where they are accepted.",
                ),
                Rewrite(
                    match="$deprecated().enforce_resource_limits($*args, $**kwargs)",
                    applicability=Applicability.DISPLAY_ONLY,
                    message="The class enforces no limits; decide where they belong before the factory goes.",
                ),
            ),
            requires=(
                Requirement(
                    symbol="netra_backend.app.websocket_core.websocket_manager.WebSocketManager",
                    parameter="user_context",
                ),
            ),
            exclude=("backups/**",),
            critical=("netra_backend/app/routes/**",),
            message="The factory is deprecated: make a WebSocketManager for the user's context, so that users stay isolated.",
            docs_url="https://github.com/netra-systems/netra-apex/issues/506",
            tracking_issue=506,
        ),
    )
)
