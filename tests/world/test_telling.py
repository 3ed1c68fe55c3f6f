"""Who wants to be told of what comes, who no longer does, and who only asks: told apart by their words."""

from __future__ import annotations

import pytest

from haven.world.telling import Aim, notice_of

BEGIN = [
    "tell me when a system is added near Oculi",
    "Please let me know if Olga discovers a fossil!",
    "Hey, can you notify me about planets with Emeril?",
    "tell me about new lore",
    "watch for crashed ships",
    "let me know whenever somebody adds a moon",
    "notify me of new moons",
    "alert me when anyone reports a wreck",
    "ping me once a new station has been added to Oculi",
    "From now on, tell me when Sam writes a story",
    "Whenever Olga adds a moon, tell me.",
    "If a new system is discovered near Oculi, let me know please",
    "keep me posted about new planets in the Reach",
    "I'd like to be told when a planet with water is found",
    "I want to know as soon as somebody finds Emeril",
    "Don't forget to tell me when a system is added",
    "let me know if there are any new planets near Oculi",
    "message me when new lore is written about the Atlas",
    "tell me as soon as a planet appears in Venture",
    "could you inform me every time a discovery is posted",
    "keep an eye out for ocean planets",
    "subscribe me to new stories about dragons",
    "give me a heads-up when a moon gets discovered",
    "let me know if another fossil turns up",
    "tell us when people add systems in Marrow",
    "I would love to hear about new regions",
    "will you tell me when a planet is added?",
    "set up an alert for systems near Oculi",
    "sag mir Bescheid, wenn ein neues System in der Nähe von Oculi hinzugefügt wird",
    "Sag mir bitte Bescheid, sobald jemand einen Mond entdeckt",
    "benachrichtige mich über neue Planeten mit Emeril",
    "gib mir Bescheid, falls Olga ein Fossil findet",
    "Kannst du mich benachrichtigen, wenn ein Planet dazukommt?",
    "Lass mich wissen, wenn es neue Geschichten gibt",
    "Wenn ein neuer Mond eingetragen wird, sag mir Bescheid",
    "melde dich, sobald ein System in der Region Oculi auftaucht",
    "informiere mich, wenn eine Raumstation hinzugefügt wird",
    "halte mich auf dem Laufenden über neue Entdeckungen",
    "sag Bescheid bei neuen Monden",
    "Ich möchte benachrichtigt werden, wenn ein Planet entdeckt wird",
    "sag mir Bescheid when a planet is added",
    "warne mich, wenn eine Gefahr gemeldet wird",
    "ping me for each new moon",
    "halte Ausschau nach Ozeanplaneten",
]
ASKED = [
    "Tell me if you have any record of Xanadu",
    "let me know whether Cobble has water",
    "tell me when Venture was discovered",
    "tell me when the Second Charter was signed",
    "tell me about Venture",
    "tell me if Meridian has Emeril",
    "Which systems were added near Oculi?",
    "when is a system added to the map?",
    "add a watch for the memory to the dashboard",
    "tell me if any fossils are recorded on Cobble",
    "let me know if you find any record of the Maw",
    "let me know if there are planets with water in Oculi",
    "tell me if the lore mentions dragons",
    "tell me whether a moon was found near Venture",
    "could you tell me if Cobble is made of rock",
    "tell me when Olga discovered Venture",
    "let me know when the Compact was founded",
    "I'd like to know when Venture was found",
    "tell me if anybody has found a fossil on Rime",
    "let me know how many moons Venture has",
    "tell me if a planet is found in the Reach that has water and was named by Olga",
    "tell me about the newest systems",
    "let me know what is new",
    "tell me if something is recorded about the Atlas",
    "please tell me when Sam last wrote a story",
    "let me know if Oculi is a mining system",
    "do you tell me when a system is added?",
    "tell me which planets were added since Monday",
    "tell me about new planets since yesterday",
    "ping me the coordinates of Oculi",
    "tell me when I can reach Venture",
    "tell me if there is a station near Oculi",
    "let me know if it is possible that life exists on Nock",
    "tell me whether new systems were added",
    "Tell me the name of the moon that was added last",
    "tell me if Cobble is found near Oculi",
    "tell me when the dragon appears in the story",
    "let me know if I got this right: Venture has two moons",
    "tell me if we know any planets with Emeril",
    "sag mir, ob Cobble Wasser hat",
    "sag mir, wann Venture entdeckt wurde",
    "sag mir Bescheid, ob es Einträge zu Xanadu gibt",
    "Kannst du mir sagen, wann das System hinzugefügt wurde?",
    "lass mich wissen, ob Cobble einen Mond hat",
    "sag mir, welche Planeten Emeril haben",
    "sag mir, wer Venture entdeckt hat",
    "informiere mich über Venture",
    "was weißt du über neue Planeten?",
    "sag mir, wie viele Monde Venture hat",
    "don't tell me the biome, tell me the weather of Cobble",
    "don't tell me when Venture was discovered, tell me by whom",
    "who stopped telling stories about the Maw?",
    "did you notify Olga about the new moon?",
    "which moon did Olga stop watching?",
    "how do I stop the kiosk from dimming?",
    "stop the rover",
    "remove the Watch of Hands",
    "delete the watch tower on Cobble",
    "what do I watch out for on Nock?",
    "who ended the watch of Oculi?",
    "mute the alerts",
    "Who cancelled the expedition?",
]
END = [
    "notify me no longer of new moons",
    "don't tell me about new moons any more",
    "stop telling me about planets with Emeril",
    "stop telling me",
    "unsubscribe",
    "cancel my watch on Oculi",
    "Unsubscribe me from new moons",
    "please stop notifying me about moons",
    "never tell me about new moons again",
    "no longer tell me when a system is added near Oculi",
    "don't notify me when a moon is added",
    "do not ping me about moons",
    "I don't want to be told about moons any more",
    "I no longer want to hear about new moons",
    "I don't want notifications about moons any longer",
    "stop pinging me",
    "quit bothering me about moons",
    "delete all my watches",
    "end the watch for moons",
    "remove my watch on planets with Emeril",
    "could you please stop watching for crashed ships",
    "you can stop telling me about moons now",
    "cancel the watch watch-1a2b3c4d",
    "no more notifications about moons",
    "I no longer need my watch on Oculi",
    "turn off my alerts for moons",
    "drop all of my watches",
    "tell me no more about new moons",
    "don't let me know when moons are added any more",
    "don't tell me when a system is added near Oculi",
    "enough notifications about moons",
    "don't watch for moons any longer",
    "stop letting me know about moons",
    "unwatch Oculi",
    "forget my watch on Oculi",
    "sag mir nicht mehr Bescheid",
    "sag mir nicht mehr Bescheid, wenn ein Mond hinzugefügt wird",
    "sag mir bitte nicht mehr Bescheid bei neuen Monden",
    "benachrichtige mich nicht mehr über neue Monde",
    "Hör auf, mir bei neuen Monden Bescheid zu sagen",
    "Hör auf mich über neue Monde zu benachrichtigen",
    "Ich will nicht mehr benachrichtigt werden, wenn ein Mond entdeckt wird",
    "Beende meine Beobachtung von Oculi",
    "lösche alle meine Beobachtungen",
    "informiere mich nicht mehr über neue Monde",
    "keine Benachrichtigungen mehr über Monde",
    "melde dich nicht mehr, wenn ein Mond dazukommt",
    "Ich möchte keine Benachrichtigungen mehr zu Monden",
    "ich will nichts mehr über neue Monde hören",
    "bestell meine Benachrichtigungen über Monde ab",
    "kannst du bitte meine Benachrichtigungen beenden",
]
LISTED = [
    "what am I watching?",
    "list my watches",
    "which watches do I have",
    "show me my watches",
    "do I have any watches?",
    "welche Beobachtungen habe ich?",
    "zeig mir meine Beobachtungen",
    "what are my watches",
    "what did I ask you to watch for?",
]


@pytest.mark.parametrize("text", BEGIN)
def test_who_wants_to_be_told_of_what_comes(text: str) -> None:
    notice = notice_of(text)
    assert notice is not None and notice.aim is Aim.BEGIN and notice.words


@pytest.mark.parametrize("text", ASKED)
def test_who_asks_what_is_begins_and_ends_no_watch(text: str) -> None:
    assert notice_of(text) is None


@pytest.mark.parametrize("text", END)
def test_who_no_longer_wants_to_be_told_begins_no_watch(text: str) -> None:
    notice = notice_of(text)
    assert notice is not None and notice.aim is Aim.END
    assert notice.all == (" all" in text), "all of them end only where that was said"


@pytest.mark.parametrize("text", LISTED)
def test_who_asks_what_they_watch(text: str) -> None:
    notice = notice_of(text)
    assert notice is not None and notice.aim is Aim.LIST


@pytest.mark.parametrize(
    "piece", ["tell me when ", "a ", "new ", "stop ", "wenn ", "all ", "my watches ", ", ", "not "]
)
def test_a_long_text_is_read_at_once(piece: str) -> None:
    notice_of(piece * (300 // len(piece)))
    assert notice_of(piece * 5_000) is None
