"""What secrets look like by their own prefix or frame, as their makers document them."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Shape:
    """A secret that begins with `needle`: found by plain search and matched there, so that most text costs nothing."""

    kind: str
    needle: str
    pattern: re.Pattern[str]
    careful: bool
    """Whether values that are plainly made up (`xxxx`, `0000`, `EXAMPLE`) stay."""


def _table(rows: str, *, careful: bool = True) -> tuple[Shape, ...]:
    """One row a shape: kind, needle, what follows; with more of a word beside it, or cut or masked, it is none."""
    made = []
    for kind, needle, rest in (row.split() for row in rows.strip().splitlines()):
        pattern = re.compile(rf"(?<![A-Za-z0-9]){re.escape(needle)}{rest}(?![A-Za-z0-9_]|\.\.|-?[#*]{{3}})")
        made.append(Shape(kind, needle, pattern, careful))
    return tuple(made)


# Whole keys, in the full length and frame of their maker: taken whatever they spell.
_WHOLE = _table(
    r"""
ANTHROPIC_KEY sk-ant- (?:api|admin|oat|ort)\d\d-[\w-]{93}AA
JWT eyJ [\w-]{10,4000}\.eyJ[\w-]{10,4000}(?:\.[\w-]{10,4000})?
JWT ey [A-Za-z0-9]{17,4000}\.ey[\w/-]{17,4000}\.(?:[\w/-]{10,4000}={0,2})?
AWS_KEY AKIA (?!X{4}|[A-Z2-7]{0,9}EXAMPLE)[A-Z2-7]{16}
AWS_KEY ASIA (?!X{4}|[A-Z2-7]{0,9}EXAMPLE)[A-Z2-7]{16}
AWS_KEY ABIA (?!X{4}|[A-Z2-7]{0,9}EXAMPLE)[A-Z2-7]{16}
AWS_KEY ACCA (?!X{4}|[A-Z2-7]{0,9}EXAMPLE)[A-Z2-7]{16}
TOKEN AKC [A-Za-z0-9]{10,100}
TOKEN AP (?=[0-9A-F][A-Za-z]{0,40}\d|\d)[0-9A-F][A-Za-z0-9]{10,100}
TOKEN AAAAAAAAAAAAAAAAAAAAAA [A-Za-z0-9%]{80,100}
TOKEN cmVmd [A-Za-z0-9]{59}
""",
    careful=False,
)
_NAMED = _table(
    r"""
ANTHROPIC_KEY sk-ant- [\w-]{16,200}
API_KEY sk- (?!ant-)(?=[\w-]{0,60}\d)(?:(?:proj|svcacct|admin|or-v1)-[\w-]{20,250}+|[A-Za-z0-9]{20,100}+)
API_KEY gsk_ [A-Za-z0-9]{40,60}
API_KEY xai- [A-Za-z0-9]{60,100}
API_KEY pplx- [A-Za-z0-9]{40,60}
API_KEY nvapi- [\w-]{50,80}
API_KEY hf_ [A-Za-z]{34}
API_KEY api_org_ [A-Za-z]{34}
API_KEY r8_ [A-Za-z0-9]{37}
GITHUB_TOKEN ghp_ [A-Za-z0-9]{30,255}
GITHUB_TOKEN gho_ [A-Za-z0-9]{30,255}
GITHUB_TOKEN ghu_ [A-Za-z0-9]{30,255}
GITHUB_TOKEN ghs_ [A-Za-z0-9]{30,255}
GITHUB_TOKEN ghr_ [A-Za-z0-9]{30,255}
GITHUB_TOKEN github_pat_ \w{40,255}
AWS_KEY ABSK [A-Za-z0-9+/]{109,269}={0,2}
GOOGLE_KEY AIza [\w-]{35}
GOOGLE_KEY GOCSPX- [\w-]{20,40}
GOOGLE_KEY ya29. [\w-]{30,400}
SLACK_TOKEN xoxb- [\w-]{16,900}+
SLACK_TOKEN xoxp- [\w-]{20,900}+
SLACK_TOKEN xoxa- [\w-]{10,900}+
SLACK_TOKEN xoxr- [\w-]{10,900}+
SLACK_TOKEN xoxs- [\w-]{20,900}+
SLACK_TOKEN xoxo- [\w-]{20,900}+
SLACK_TOKEN xoxe- [\w-]{20,900}+
SLACK_TOKEN xoxe [.-]xox[bp]-\d-[\w-]{20,900}+
SLACK_TOKEN xapp- \d-[\w-]{20,900}+
JWT ZXlK [\w+/\s-]{50,4000}={0,2}
TOKEN eyJrIjoi [A-Za-z0-9+/]{50,400}={0,2}
TOKEN glpat- [\w-]{20}(?:[\w-]{7,280}\.[0-9a-z]{8,10})?
TOKEN glrt- (?:[\w-]{20}|t\d_[\w-]{20,280}(?:\.[0-9a-z]{8,10})?)
TOKEN glptt- [\w-]{40}
TOKEN glimt- [\w-]{25}
TOKEN gloas- [\w-]{64}
TOKEN glagent- [\w-]{50}
TOKEN glcbt- (?:[0-9a-z]{1,5}_)?[\w-]{20}
TOKEN gldt- [\w-]{20}
TOKEN glft- [\w-]{20}
TOKEN glffct- [\w-]{20}
TOKEN glsoat- [\w-]{20,60}
TOKEN GR1348941 [\w-]{20}
TOKEN _gitlab_session= [0-9a-z]{32}
TOKEN npm_ [A-Za-z0-9]{36}
TOKEN pypi-AgEIcHlwaS5vcmc [\w-]{70,1000}
TOKEN pypi-AgENdGVzdC5weXBp [\w-]{60,1000}
TOKEN rubygems_ [0-9a-f]{48}
TOKEN CLOJARS_ [0-9a-z]{60}
TOKEN dckr_pat_ [\w-]{27,36}
TOKEN dop_v1_ [0-9a-f]{64}
TOKEN doo_v1_ [0-9a-f]{64}
TOKEN dor_v1_ [0-9a-f]{64}
TOKEN hvs. [\w-]{24,300}
TOKEN hvb. [\w-]{24,300}
TOKEN s. (?=[a-zA-Z]{0,23}\d)[A-Za-z0-9]{24}
TOKEN sk_live_ [A-Za-z0-9]{10,99}
TOKEN sk_test_ [A-Za-z0-9]{10,99}
TOKEN sk_prod_ [A-Za-z0-9]{10,99}
TOKEN rk_live_ [A-Za-z0-9]{10,99}
TOKEN rk_test_ [A-Za-z0-9]{10,99}
TOKEN rk_prod_ [A-Za-z0-9]{10,99}
TOKEN whsec_ [A-Za-z0-9+/]{24,64}={0,2}
TOKEN SG. (?=[\w=-]{16,60}\.)[\w=.-]{60,70}
TOKEN SK (?=[0-9a-fA-F]{0,31}\d)[0-9a-fA-F]{32}
TOKEN shpat_ [0-9a-fA-F]{32}
TOKEN shpca_ [0-9a-fA-F]{32}
TOKEN shppa_ [0-9a-fA-F]{32}
TOKEN shpss_ [0-9a-fA-F]{32}
TOKEN EAAA [\w-]{22,60}
TOKEN sq0atp- [\w-]{22,60}
TOKEN sq0csp- [\w-]{40,60}
TOKEN EAAM [A-Za-z0-9]{80,400}
TOKEN EAAC [A-Za-z0-9]{80,400}
TOKEN EZAK [A-Za-z0-9]{54}
TOKEN EZTK [A-Za-z0-9]{54}
TOKEN FLWSECK_TEST- [0-9a-h]{12,32}(?:-X)?
TOKEN FLWSECK- [0-9a-h]{12,32}(?:-X)?
TOKEN FLWPUBK_TEST- [0-9a-h]{32}-X
TOKEN ntn_ [0-9]{11}[A-Za-z0-9]{35}
TOKEN sntrys_ eyJ[\w+/=-]{40,600}
TOKEN sntryu_ [0-9a-f]{64}
TOKEN pul- [0-9a-f]{40}
TOKEN sgp_ (?:(?:[0-9a-fA-F]{16}|local)_)?[0-9a-fA-F]{40}
TOKEN pscale_tkn_ [\w=.-]{32,64}
TOKEN pscale_oauth_ [\w=.-]{32,64}
TOKEN pscale_pw_ [\w=.-]{32,64}
TOKEN xkeysib- [0-9a-f]{64}-[A-Za-z0-9]{16}
TOKEN PMAK- [0-9a-f]{24}-[0-9a-f]{34}
TOKEN ATATT3 [\w=-]{100,220}
TOKEN ATCTT3 [\w=-]{100,220}
TOKEN ATBB [A-Za-z0-9]{24,40}
TOKEN dt0c01. [A-Za-z0-9]{24}\.[A-Za-z0-9]{64}
TOKEN ops_eyJ [A-Za-z0-9+/]{80,2000}={0,3}
TOKEN A3- [A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})(?:-[A-Z0-9]{5}){3}
TOKEN tfp_ [\w.=-]{50,70}
TOKEN NRAK- [A-Za-z0-9]{27}
TOKEN NRII- [A-Za-z0-9-]{32}
TOKEN NRJS- [0-9a-f]{19}
TOKEN dapi [0-9a-f]{32}(?:-\d)?
TOKEN AGE-SECRET-KEY-1 [A-Z0-9]{58}
TOKEN lin_api_ [A-Za-z0-9]{40}
TOKEN LTAI [A-Za-z0-9]{20}
TOKEN rdme_ [0-9a-z]{70}
TOKEN API- [A-Z0-9]{26}
TOKEN p8e- [A-Za-z0-9]{32}
TOKEN pat [A-Za-z0-9]{14}\.[0-9a-f]{64}
TOKEN pat. [\w-]{22}\.[0-9a-zA-Z]{24}\.[0-9a-zA-Z]{20}
TOKEN sat. [\w-]{22}\.[0-9a-zA-Z]{24}\.[0-9a-zA-Z]{20}
TOKEN 4b1d [A-Za-z0-9]{38}
TOKEN v1.0- [0-9a-f]{24}-[0-9a-f]{146}
TOKEN dp.pt. [A-Za-z0-9]{43}
TOKEN dnkey- [a-z0-9=_-]{26}-[a-z0-9=_-]{52}
TOKEN duffel_ (?:test|live)_[\w=-]{43}
TOKEN fio-u- [\w=-]{64}
TOKEN fo1_ [\w-]{43}
TOKEN fm1r_ [A-Za-z0-9+/]{100,600}={0,3}
TOKEN fm1a_ [A-Za-z0-9+/]{100,600}={0,3}
TOKEN fm2_ [A-Za-z0-9+/]{100,600}={0,3}
TOKEN glc_ [A-Za-z0-9+/]{32,400}={0,3}
TOKEN glsa_ [A-Za-z0-9]{32}_[0-9a-fA-F]{8}
TOKEN HRKU-AA [\w-]{58}
TOKEN s-s4t2ud- [0-9a-f]{64}
TOKEN s-s4t2af- [0-9a-f]{64}
TOKEN sha256~ [\w-]{43}
TOKEN pnu_ [a-z0-9]{36}
TOKEN shippo_live_ [0-9a-fA-F]{40}
TOKEN shippo_test_ [0-9a-fA-F]{40}
TOKEN sm_aat_ [A-Za-z0-9]{16}
TOKEN sm_pat_ [A-Za-z0-9]{16}
TOKEN sm_sat_ [A-Za-z0-9]{16}
TOKEN tk-us- [\w-]{48}
TOKEN t1. [\w-]{1,200}={0,2}\.[\w-]{86}={0,2}
TOKEN figd_ [\w-]{40,50}
TOKEN sbp_ [0-9a-f]{40}
TOKEN nfp_ [A-Za-z0-9]{36}
TOKEN tskey- [a-z]{3,8}-[A-Za-z0-9-]{20,60}
TOKEN phx_ [A-Za-z0-9]{40,60}
TOKEN dsn_ [A-Za-z0-9]{32,64}
TOKEN amzn.mws. [0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}
TOKEN live_pub_ [0-9a-f]{31}
TOKEN test_pub_ [0-9a-f]{31}
"""
)
# The name and the password of an address, unless they are a template's.
_LOGIN = (
    r"://(?P<value>[^\s/:@'\"<>{}$\[]{0,64}:(?!\$|\{\{|%[sd({]|\[?[A-Z_]{4,40}\]?@|\*+@)[^\s/:@'\"<>{}]{3,256})(?=@)"
)
_AUTHRESS = r"(?<!\w)(?:sc|ext|scauth|authress)_\w{5,30}\.\w{4,6}\.acc[\w-]{10,32}\.[\w+/=-]{30,120}"
_DISCORD = r"https://(?:\w+\.)?discord(?:app)?\.com/api/(?:v\d+/)?webhooks/\d+/[\w-]+"
_TEAMS = r"https://[\w.-]{1,400}/webhookb2/[\w-]+@[\w-]+/IncomingWebhook/[\w-]+/[\w-]+"
# Frames with a name inside.
_FRAMED = tuple(
    Shape(kind, needle, re.compile(pattern), careful)
    for kind, needle, pattern, careful in (
        ("URL_PASSWORD", "://", _LOGIN, False),
        ("DISCORD_WEBHOOK", "https://", _DISCORD, False),
        ("WEBHOOK", "https://", _TEAMS, False),
        ("WEBHOOK", "hooks.slack.com/", r"hooks.slack.com/(?:services|workflows|triggers)/[\w+/-]{40,60}", True),
    )
)
ANCHORED = (*_WHOLE, *_NAMED, *_FRAMED)
"""Matched where their needle stands."""
SCANNED = tuple(
    Shape(kind, needle, re.compile(pattern), careful)
    for kind, needle, pattern, careful in (
        # A bot's id of 17 to 19 digits in base 64, a time, a signature.
        ("DISCORD_TOKEN", ".", r"(?<![\w-])[MNO][\w-]{23,25}\.[\w-]{6}\.[\w-]{27,45}", False),
        ("API_KEY", "T3BlbkFJ", r"(?<![A-Za-z0-9])sk-[\w-]{20,120}?T3BlbkFJ[\w-]{20,120}", False),  # OpenAI
        ("TOKEN", ":A", r"(?<!\w)\d{8,16}:A[\w-]{34}(?![\w-])", True),  # Telegram
        ("TOKEN", "|", r"(?<!\w)\d{15,16}\|[\w-]{27,40}", True),  # Facebook: the app's id, its secret
        ("TOKEN", "%", r"(?<!\w)\d{15,16}%[\w-]{27,40}", True),
        ("TOKEN", "-us", r"(?<!\w)[0-9a-f]{32}-us\d{1,2}(?!\w)", True),  # Mailchimp
        ("TOKEN", "Q~", r"(?<![\w~.-])[\w~.]{3}\dQ~[\w~.-]{31,34}(?![\w~-])", True),  # Azure
        ("TOKEN", ".atlasv1.", r"(?<!\w)[A-Za-z0-9]{14}\.atlasv1\.[\w=-]{60,70}(?![\w-])", True),
        ("TOKEN", "_mmk", r"(?<!\w)[A-Za-z0-9]{6}_[A-Za-z0-9]{29}_mmk(?!\w)", True),  # MaxMind
        ("TOKEN", ".acc", _AUTHRESS, True),
    )
)
"""Looked for all over a text that holds their needle somewhere."""
