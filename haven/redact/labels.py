"""Secrets that only the words beside them betray: `password = ...`, `"apiKey": "..."`, `--token ...`, `curl -u ...`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from haven.redact.guesses import is_random, made_up, passes_for_password

Found = tuple[str, int, int]

_PASSWORDS = ("password", "passwd", "passphrase", "passwort", "kennwort", "pwd", "_pass")
_KEYS = (
    *("token", "secret", "credential", "credentials", "apikey", "api_key", "api-key", "accesskey", "access_key"),
    *("access-key", "secretkey", "secret_key", "secret-key", "authkey", "auth_key", "private_key", "encryption_key"),
    *("signing_key", "accountkey", "account_key", "jwt_key", "master_key", "_auth"),
)
# Names of makers, and words such as "password" with something after them; asked only for values that look random.
_MAKER_NAMES = """
adafruit adobe adyen airtable algolia alibaba amplitude anthropic artifactory asana atlassian auth0 azure beamer
binance bitbucket bitfinex bittrex braintree bugsnag clickhouse cloudflare cloudinary codecov coinbase confluence
confluent contentful coveralls databricks datadog deepseek digitalocean discord dnkey doppler droneci dropbox easypost
etherscan etsy facebook fastly figma finicity finnhub firebase flickr freshbooks freshdesk gitlab gitter gocardless
grafana groq heroku honeycomb hubspot infura instagram intercom jfrog jira kraken kucoin launchdarkly linear linked-in
linked_in linkedin linode lob looker mailchimp mailgun mailjet mapbox mattermost maxmind meraki messagebird
message-bird message_bird mistral mixpanel netlify new-relic newrelic newyorktimes new-york-times nytimes okta openai
openweather opsgenie pagerduty paypal pinecone plaid posthog postmark privateai private-ai private_ai pubnub pusher
rapidapi razorpay rollbar salesforce sendbird sendgrid sendinblue sentry shodan shopify slack snyk spotify squarespace
stripe sumo supabase telegr travis trello twilio twitch twitter typeform vercel vimeo virustotal vonage vultr wakatime
yandex youtube zendesk passw secret token api_key apikey
"""
_MAKERS = tuple(_MAKER_NAMES.split())

_STRICT = re.compile(
    r"s?(?:[_-]?value|[_-]?\d{1,2})?(?![A-Za-z])"
    r"(?:[\"'`\])]{0,2}[ \t]{0,4}(?P<mark>:[ \t]?str[ \t]?=|:=|==?|=>|\?=|:)[ \t]{0,4}|>|[\"'], ?(?=[\"'])|\((?=[\"'])"
    r"| {1,2}(?=[\"'])| (?:is|ist|lautet):? )"
    r"(?:[rbuf]{0,2}(?P<quote>\\?[\"'`])(?P<quoted>[^\n\"'`\\]{4,256})(?P=quote)"
    r"|(?P<bare>(?:[^\s\"'`,;<>(){}\[\]&|\\]|&(?!\w+=|[a-z]{2,6};)){6,256}+)(?P<end>[\"'`,;&<)\]}|\\]|\s*$|\s))",
    re.M,
)
_OPTION = re.compile(r"[ \t]+(?P<bare>[^\s\"'`,;<>(){}\[\]&|\\$-][^\s\"'`,;<>(){}\[\]&|\\]{5,256}+)(?=[\s\"'`]|$)")
_LOOSE = re.compile(
    r"(?P<more>[\w.\- \t]{0,20}?)[\s\"']{0,3}(?:=|>|:{1,3}=|\|\||:|=>|\?=|,)[`\"'\s=]{0,5}"
    r"(?P<value>(?<![\w/+.-])[\w.~+/=-]{14,300}+)(?![\w.~+/(\[-])"
)
# Parts of a name after which a value is no secret.
_PUBLIC = re.compile(
    r"(?i)(?:id|ids|name|hash|hashes|sha\d*|md5|digest|version|commit|rev|checksum|url|uri|path|file|public|etag|uuid"
    r"|channel|length|size|type|field|label|title|slug|pub)[\s\"']*$"
)
_HEADER = re.compile(
    r"[\"']?\s{0,3}[:=]\s{0,3}[\"']?(?:(?:basic|bearer|bot|token|api-?token|apikey)\s{1,3})?"
    r"(?P<value>[A-Za-z0-9+/=_.~-]{12,2000}+)(?![\w(\[])",
    re.I,
)
_BEARER = re.compile(r"\s{1,3}(?P<value>[A-Za-z0-9+/=_.~-]{16,2000}+)(?![\w(\[])")
_LOGIN = re.compile(r"[ =]{0,2}(?P<value>(?:\"[^\"\n$<]{2,120}\"|'[^'\n$<]{2,120}'|[^\s\"'$<]{1,120}+){1,3})")
_COMMAND = 400
"""Characters of a command line before its option with name and password."""


def find(text: str) -> Iterator[Found]:
    """Kind, start and end of each value whose label says what it is."""
    low = lowered(text)
    for words, accepts in ((_PASSWORDS, passes_for_password), (_KEYS, is_random)):
        for word in words:
            if word in low:
                yield from _assigned(text, low, word, accepts)
    for maker in _MAKERS:
        if maker in low:
            yield from _beside(text, low, maker)
    for word, pattern in (("authorization", _HEADER), ("bearer", _BEARER)):
        for end in _ends(low, word):
            match = pattern.match(text, end)
            if match and re.search(r"\d", match["value"]) and not made_up(match["value"]):
                yield "AUTHORIZATION", *match.span("value")
    for option in (" -u", " --user", "\t-u", "\t--user"):
        for end in _ends(low, option):
            match = _LOGIN.match(text, end)
            if match and low.rfind("curl", max(0, end - _COMMAND), end) >= 0:
                yield from _login(match)


def lowered(text: str) -> str:
    """The text in small letters, each where it was."""
    low = text.lower()
    return low if len(low) == len(text) else "".join(one.lower() if len(one.lower()) == 1 else one for one in text)


def _ends(low: str, word: str) -> Iterator[int]:
    at = low.find(word)
    while at >= 0:
        yield at + len(word)
        at = low.find(word, at + len(word))


def _assigned(text: str, low: str, word: str, accepts: Callable[[str], bool]) -> Iterator[Found]:
    seen = 0
    for end in _ends(low, word):
        if end < seen:
            continue  # within a value that was looked at already
        match = _STRICT.match(text, end)
        if match is None and (text.rfind("--", max(0, end - 40), end) >= 0):
            match = _OPTION.match(text, end)
        if match is None or "public" in low[max(0, end - 16) : end]:
            continue
        seen = match.end()
        group = "bare" if match["bare"] else "quoted"
        value = match[group]
        if accepts(value) and (group == "quoted" or _is_no_code(match, value, text[end - len(word) : end])):
            yield "SECRET", *match.span(group)


def _is_no_code(match: re.Match[str], value: str, label: str) -> bool:
    """Whether an unquoted value can't be the name of something in a program."""
    if is_random(value) or not re.fullmatch(r"[A-Za-z_][\w.]*", value):
        return True
    parts = match.groupdict()
    return label.isupper() or (parts.get("mark") in (":", None) and not (parts.get("end") or "").strip())


def _beside(text: str, low: str, word: str) -> Iterator[Found]:
    for end in _ends(low, word):
        written = text[end - len(word) : end]
        if not (written.islower() or written.isupper() or written.istitle() or written[1:].islower()):
            continue  # the word only seems to stand there: `sumObject`
        match = _LOOSE.match(text, end)
        if match and not _PUBLIC.search(match["more"]) and is_random(match["value"]):
            yield "SECRET", *match.span("value")


def _login(match: re.Match[str]) -> Iterator[Found]:
    """`name:password` of a curl command; with no password, the name is the secret."""
    value = match["value"]
    name, colon, password = value.strip("\"'").partition(":")
    secret = password.strip("\"'{}") or name
    if colon and passes_for_password(secret) and not re.search(r"\{\{|\[", value):
        start = match.start("value") + value.rindex(secret)
        yield "SECRET", start, start + len(secret)
