"""The environment becomes settings, or a sentence that says how to mend it and shows no secret."""

import base64
import pickle
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from bot.domain.errors import SettingsError
from bot.settings import Allowed, Secret, Settings, api_url, private_key

SECRET = "0123456789abcdef-webhook"


@cache
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(
    form: serialization.PrivateFormat = serialization.PrivateFormat.TraditionalOpenSSL,
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | None = None,
    password: bytes | None = None,
) -> str:
    locked = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return (key or rsa_key()).private_bytes(serialization.Encoding.PEM, form, locked).decode()


def env(**changes: str) -> dict[str, str]:
    """A complete environment, with ``changes``; an empty value unsets."""
    complete = {"GITHUB_APP_ID": "4711", "GITHUB_PRIVATE_KEY": pem(), "GITHUB_WEBHOOK_SECRET": SECRET}
    return {name: value for name, value in (complete | changes).items() if value}


def test_the_defaults_need_three_variables() -> None:
    settings = Settings.from_env(env())
    assert (settings.app_id, settings.api_url) == (4711, "https://api.github.com")
    assert (settings.host, settings.port, settings.log_format) == ("127.0.0.1", 8000, "text")
    assert settings.database_url.reveal() == "sqlite:///.ssot/ssot.db"
    assert [secret.reveal() for secret in settings.webhook_secrets] == [SECRET]


def test_markers_can_have_keys_of_their_own() -> None:
    assert Settings.from_env(env()).marker_keys == ()
    both = Settings.from_env(env(SSOT_MARKER_KEYS=f"{SECRET}-new, {SECRET}-old")).marker_keys
    assert [key.reveal() for key in both] == [f"{SECRET}-new", f"{SECRET}-old"]
    for weak in ("short", "aaaaaaaaaaaaaaaaaaaaaaaa", f"{SECRET},"):
        with pytest.raises(SettingsError, match="SSOT_MARKER_KEYS is too weak"):
            Settings.from_env(env(SSOT_MARKER_KEYS=weak))


def test_probots_names_work_and_ours_come_first() -> None:
    probot = {"APP_ID": "1", "PRIVATE_KEY": pem(), "WEBHOOK_SECRET": SECRET}
    assert Settings.from_env(probot).app_id == 1
    assert Settings.from_env(probot | env()).app_id == 4711


PKCS8 = serialization.PrivateFormat.PKCS8
KEYS: dict[str, Callable[[], str]] = {
    "PKCS#1": pem,
    "PKCS#8": lambda: pem(PKCS8),
    "written-out line ends": lambda: pem().replace("\n", "\\n"),
    "CRLF": lambda: pem().replace("\n", "\r\n"),
    "written-out CRLF": lambda: pem().replace("\n", "\\r\\n"),
    "quoted": lambda: f'"{pem()}"',
    "base64": lambda: base64.b64encode(pem().encode()).decode(),
    "base64 in lines": lambda: base64.encodebytes(pem().encode()).decode(),
    "surrounding space": lambda: f"\n  {pem()}\n\n",
}


@pytest.mark.parametrize("form", KEYS)
def test_a_key_is_understood(form: str) -> None:
    found = serialization.load_pem_private_key(private_key(KEYS[form]()).reveal().encode(), password=None)
    assert isinstance(found, rsa.RSAPrivateKey)
    assert found.private_numbers() == rsa_key().private_numbers()


@pytest.mark.parametrize("content", [pem(), pem().replace("\n", "\r\n")], ids=["LF", "CRLF"])
def test_a_key_can_be_a_file(tmp_path: Path, content: str) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(content.encode())
    settings = Settings.from_env(env(GITHUB_PRIVATE_KEY="", GITHUB_PRIVATE_KEY_PATH=str(path)))
    assert settings.private_key.reveal() == pem()


BAD_KEYS: dict[str, tuple[Callable[[], str], str]] = {
    "encrypted PKCS#8": (lambda: pem(PKCS8, password=b"password"), "is encrypted"),
    "encrypted PKCS#1": (lambda: pem(password=b"password"), "is encrypted"),
    "EC": (lambda: pem(PKCS8, key=ec.generate_private_key(ec.SECP256R1())), "not an RSA key"),
    "truncated": (lambda: pem()[:800], "damaged or truncated"),
    "half the lines": (lambda: "\n".join(pem().splitlines()[::2]), "damaged or truncated"),
    "public key": (
        lambda: (
            rsa_key()
            .public_key()
            .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
            .decode()
        ),
        "damaged or truncated",
    ),
    "no PEM": (lambda: "hunter2hunter2", "neither PEM nor base64"),
    "base64 of something else": (lambda: base64.b64encode(b"hunter2").decode(), "no PEM block"),
    "base64 of bytes": (lambda: base64.b64encode(b"\xff\xfe").decode(), "neither PEM nor base64"),
}


@pytest.mark.parametrize("form", BAD_KEYS)
def test_a_bad_key_is_refused_without_being_shown(form: str) -> None:
    make, words = BAD_KEYS[form]
    text = make()
    with pytest.raises(SettingsError, match=words) as caught:
        private_key(text)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert not [line for line in text.splitlines() if len(line) > 8 and line in str(caught.value)]


GOOD_URLS = {
    "https://api.github.com": "https://api.github.com",
    "https://api.github.com/": "https://api.github.com",
    "https://GHE.Example/api/v3/": "https://ghe.example/api/v3",
    "https://ghe.example:8443/api/v3": "https://ghe.example:8443/api/v3",
    "https://api.acme.ghe.com": "https://api.acme.ghe.com",
    "http://127.0.0.1:8080": "http://127.0.0.1:8080",
    "http://localhost:8080": "http://localhost:8080",
    "http://[::1]:8080": "http://[::1]:8080",
}


@pytest.mark.parametrize("url", GOOD_URLS)
def test_an_api_url_is_taken(url: str) -> None:
    assert api_url(url) == GOOD_URLS[url]


@pytest.mark.parametrize(
    "url",
    [
        "http://api.github.com",
        "http://169.254.169.254",
        "https://169.254.169.254",
        "https://2852039166",
        "https://0xA9FEA9FE",
        "https://0251.0376.0251.0376",
        "https://[fd00:ec2::254]",
        "https://[::ffff:169.254.169.254]",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example",
        "https://github.com@evil.example",
        "https://user:pass@api.github.com",
        "https://api.github.com/repos",
        "https://api.github.com/api/v3/../..",
        "https://api.github.com?x=1",
        "https://api.github.com#x",
        "https://gіthub.com",
        "https://xn--gthub-zxa.com",
        "https://api.github.com\\@evil.example",
        "https://api.github.com\n.evil.example",
        "https://api.github.com:0",
        "https://api.github.com:99999",
        "https://[::1",
        "file:///etc/passwd",
        "ftp://api.github.com",
        "api.github.com",
        "https://",
        "//api.github.com",
    ],
)
def test_an_api_url_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="GITHUB_API_URL"):
        api_url(url)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"GITHUB_APP_ID": ""}, "GITHUB_APP_ID is not set"),
        ({"GITHUB_APP_ID": "Iv1.x"}, "GITHUB_APP_ID must be a whole number"),
        ({"GITHUB_APP_ID": "-1"}, "GITHUB_APP_ID must be a whole number"),
        ({"GITHUB_APP_ID": "٣"}, "GITHUB_APP_ID must be a whole number"),
        ({"GITHUB_PRIVATE_KEY": ""}, "GITHUB_PRIVATE_KEY or GITHUB_PRIVATE_KEY_PATH is not set"),
        ({"GITHUB_PRIVATE_KEY_PATH": "/x"}, "are both set"),
        ({"GITHUB_PRIVATE_KEY": "", "GITHUB_PRIVATE_KEY_PATH": "/no/such"}, "No such file"),
        ({"GITHUB_PRIVATE_KEY": "", "GITHUB_PRIVATE_KEY_PATH": "/"}, "Is a directory"),
        ({"GITHUB_WEBHOOK_SECRET": ""}, "GITHUB_WEBHOOK_SECRET is not set"),
        ({"GITHUB_WEBHOOK_SECRET": "   "}, "GITHUB_WEBHOOK_SECRET is not set"),
        ({"GITHUB_WEBHOOK_SECRET": "development"}, "too weak"),
        ({"GITHUB_WEBHOOK_SECRET": "123456789012345"}, "too weak"),
        ({"GITHUB_WEBHOOK_SECRET": "a" * 40}, "too weak"),
        ({"GITHUB_WEBHOOK_SECRET": "your-webhook-secret"}, "too weak"),
        ({"GITHUB_WEBHOOK_SECRET": f"{SECRET},"}, "too weak"),
        ({"GITHUB_WEBHOOK_SECRET": f"{SECRET},short"}, "too weak"),
        ({"SSOT_DATABASE_URL": "mysql://x"}, "SSOT_DATABASE_URL must begin with"),
        ({"K_SERVICE": "ssot"}, "Cloud Run has no durable disk"),
        ({"GAE_ENV": "standard", "SSOT_DATABASE_URL": "sqlite:///x.db"}, "App Engine has no durable disk"),
        ({"PORT": "80a"}, "PORT must be a whole number"),
        ({"PORT": "65536"}, "PORT must be a whole number"),
        ({"LOG_FORMAT": "xml"}, "LOG_FORMAT must be one of"),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL must be one of"),
        ({"SSOT_ALLOW": "acme/app/x"}, "SSOT_ALLOW must list"),
        ({"SSOT_ONBOARDING": "acme/app/x"}, "SSOT_ONBOARDING must list"),
        ({"SSOT_ONBOARDING": "all,acme"}, "`all` stands alone"),
    ],
    ids=lambda value: ",".join(f"{k}={v[:20]}" for k, v in value.items()) if isinstance(value, dict) else "",
)
def test_what_is_wrong_is_said(changes: Mapping[str, str], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        Settings.from_env(env(**changes))


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_env({"PORT": "x"})
    assert len(str(caught.value).splitlines()) == 4


def test_postgresql_is_durable_anywhere() -> None:
    url = "postgresql://bot:hunter2@db/ssot"
    assert Settings.from_env(env(K_SERVICE="ssot", SSOT_DATABASE_URL=url)).database_url.reveal() == url


def test_a_secret_is_rotated() -> None:
    settings = Settings.from_env(env(GITHUB_WEBHOOK_SECRET=f"{SECRET}-new, {SECRET}"))
    assert [secret.reveal() for secret in settings.webhook_secrets] == [f"{SECRET}-new", SECRET]


GHES = "https://ghes.example/api/v3"


def test_the_pace_of_writes_is_set_on_an_enterprise_server() -> None:
    assert Settings.from_env(env(GITHUB_API_URL=GHES, SSOT_WRITE_PACE="0.1, 600, 10000")).write_pace == (
        0.1,
        600,
        10_000,
    )
    assert Settings.from_env(env(GITHUB_API_URL=GHES)).write_pace is None


@pytest.mark.parametrize("url", ["", "https://api.github.com", "https://api.octocorp.ghe.com"])
def test_githubs_own_pace_is_no_setting(url: str) -> None:
    with pytest.raises(SettingsError, match="is for GitHub Enterprise Server"):
        Settings.from_env(env(GITHUB_API_URL=url, SSOT_WRITE_PACE="0.1,600,10000"))


@pytest.mark.parametrize("pace", ["0", "1,2", "1,0,5", "-1,2,3", "1,2,3,4", "1,2,9999999999", "٣,1,1", "fast,1,1"])
def test_a_pace_of_another_form_is_refused(pace: str) -> None:
    with pytest.raises(SettingsError, match="three numbers"):
        Settings.from_env(env(GITHUB_API_URL=GHES, SSOT_WRITE_PACE=pace))


def test_secrets_show_themselves_nowhere() -> None:
    settings = Settings.from_env(env(SSOT_DATABASE_URL="postgresql://bot:hunter2hunter2@db/ssot"))
    shown = f"{settings!r} {settings} {settings.private_key!r} {settings.webhook_secrets} {settings.database_url}"
    assert SECRET not in shown
    assert "hunter2" not in shown
    assert "PRIVATE KEY-----" not in shown
    with pytest.raises(TypeError):
        pickle.dumps(settings.private_key)


def test_secrets_compare_by_value() -> None:
    assert Secret("a") == Secret("a") != Secret("b")
    assert len({Secret("a"), Secret("a")}) == 1
    assert Secret("a") != "a"


@pytest.mark.parametrize(
    ("allow", "subject", "expected"),
    [
        ("", (1, "any/thing"), True),
        ("acme", (1, "acme/app"), True),
        ("ACME", (1, "acme/app"), True),
        ("acme", (1, "acme-evil/app"), False),
        ("acme/app", (1, "Acme/App"), True),
        ("acme/app", (1, "acme/other"), False),
        ("42", (42, "any/thing"), True),
        ("42", (43, "any/thing"), False),
        ("42", (1, "42/app"), False),
        ("acme, 42 ,other/repo", (7, "other/repo"), True),
    ],
)
def test_who_is_served(allow: str, subject: tuple[int, str], expected: bool) -> None:
    assert (subject in Settings.from_env(env(SSOT_ALLOW=allow)).allowed) is expected


@pytest.mark.parametrize(
    ("listed", "subject", "expected"),
    [
        ("", (1, "acme/app"), None),
        (" , ", (1, "acme/app"), None),
        ("all", (1, "any/thing"), True),
        ("ALL", (1, "any/thing"), True),
        ("acme, other/repo", (1, "Acme/app"), True),
        ("acme, other/repo", (1, "other/Repo"), True),
        ("acme, other/repo", (1, "other/app"), False),
        ("42", (42, "other/app"), True),
    ],
)
def test_who_is_onboarded(listed: str, subject: tuple[int, str], expected: bool | None) -> None:
    """Nobody is, where nothing is listed."""
    onboarding = Settings.from_env(env(SSOT_ONBOARDING=listed)).onboarding
    assert (None if onboarding is None else subject in onboarding) is expected


def test_nobody_is_shut_out_by_default() -> None:
    assert (1, "a/b") in Allowed()
