"""Words of the machine in questions of the world, and the world's in none of the machine's: two tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistants.sentry.subjects import subject_of
from assistants.table.asking import COMPUTED
from tests.assistants.test_round_table_facts import ask, furnished

OF_THE_WORLD = """
Which systems have a debris disk?
Which planet has an accretion disk?
What is the disk of Oculi made of?
How much storage space is left on Venture Station?
Who hacked the beacon at Ghostlight?
When did hackers attack Noonmarket?
Was there an intruder at Pell Narrows?
Is there a backup of the Charter of Seven?
Does Venture have a power supply?
Is there spam in the peat bread?
Is anything wrong with the Lantern Keepers?
What was wrong with the Second Charter?
Who broke into the vault at Noonmarket?
Was there a break-in during the Salt War?
Who logged the first landing on First Shoal?
What does the captain's log of the Halcyon say?
What is written in the log of the last voyage?
Which stations have a memory archive?
How many memory stones are left on Quillon?
What is the temperature of TRAPPIST-1 e?
How hot is the surface of LHS 1140 b?
Is Kepler-22 b too hot for life?
Which of the TRAPPIST-1 planets is the hottest?
In welchem System steht eine Scheibe aus Staub?
Wie warm ist es auf Kepler-186 f?
Which planet has the most powerful storms?
Is there a storm on Meridian right now?
Who holds the key to the Lantern gate?
Who leaked the secret key of the Compact?
How long was the queue for bread at Noonmarket?
Who waits in the queue of pilgrims?
How long has the beacon at Hollin been running?
Where does the power of Low Anvil come from?
Which ships lost power near Sable Ford?
What model of engine does the Venture freighter use?
Has anybody seen a computer on Brasswater?
Who built the server halls of Ironmouth?
What does the machine city remember?
Which alert was sounded when Cradle of Rain flooded?
Which star has a protoplanetary disk around it?
Are there errors in the mass of HD 209458 b?
Was the throttle of the Halcyon broken?
Is the memory of the Salt War still alive?
Who was the intruder?
When did the break-in happen?
When was the attack?
Is the storm over?
Which systems use the most power?
What is stored in the hard archive of Gilt?
Which server was at the Round Tower?
Who broke the disk?
Was anybody hacked to death in the war?
What is wrong with her?
How long was the queue?
What was the password to the gate?
"""
OF_THE_HOUSE = """
How much free space is left on the SD card? | disk
disk full? | disk
is the disk nearly full | disk
Is the disk filling up? | disk
how many gigs are free on the card of the Pi | disk
Wie voll ist die Festplatte? | disk
Ist noch genug Platz auf der Platte? | disk
How old is the newest backup? | backup
Did the nightly backup succeed? | backup
is teh last backup any good and was it tested | backup
Are our backups any good, has one ever been restored to test it? | backup
Läuft das Backup noch? | backup
Ist die Sicherung von gestern in Ordnung? | backup
Who tried to log in over ssh last night? | logins
any suspicious logins since friday | logins
have we been hacked? | logins
Are we under attack? | logins
was there a brute force attack | logins
Did anyone try to break into the Pi? | logins
Gibt es verdächtige Anmeldungen? | logins
show me the errors in the log since yesterday | logs
any warnings in the journal today | logs
Are there errors in Haven's own log? | logs
which alerts are open | alerts
Is anything wrong? | alerts
how hot is the pi right now | heat
Wie warm ist der Rechner gerade? | heat
cpu temp pls | heat
What temperature is the board at? | heat
Is our raspberry overheating in this cupboard? | heat
is the pi throttled at the moment | power
under voltage again?? | power
were there any brownouts this week | power
How much memory is free? | memory
free ram? | memory
Wie viel Arbeitsspeicher ist noch frei? | memory
does the pi have enough memory left for a bigger model | memory
how long is the job queue | queue
is the job queue stuck | queue
uptime | uptime
how long has haven been up | uptime
Seit wann läuft der Server? | uptime
when was the pi last rebooted | uptime
how worn out is the sd card | disk
How are you, Haven? | health
How is the machine doing today? | health
server ok? | health
health check please | health
Wie geht es dem Pi? | health
is there still space on the disk for another model | disk
did the backup from monday pass its check | backup
did any stranger sign in over ssh | logins
is the memory nearly used up | memory
Ist der Server überlastet? | health
Wann war die letzte Sicherung? | backup
is any spam among the submissions | submissions
"""
PAIRS = [tuple(line.split(" | ")) for line in OF_THE_HOUSE.strip().splitlines()]


@pytest.mark.parametrize("question", OF_THE_WORLD.strip().splitlines())
def test_a_question_of_the_world_with_words_of_the_machine_is_not_the_houses(question: str) -> None:
    assert subject_of(question) == subject_of(question.lower()) == ""


@pytest.mark.parametrize(("question", "subject"), PAIRS)
def test_a_question_about_the_machine_is(question: str, subject: str) -> None:
    assert subject_of(question) == subject


def test_a_name_of_the_world_makes_it_a_question_of_the_world() -> None:
    assert subject_of("How much storage is left at Low Power?", ["Low Power"]) == ""
    assert subject_of("How much memory is left in Memory?", ["Memory"]) == ""
    assert subject_of("Is the disk filling up?", ["filling"]) == "disk", "a word in small letters is only a word"
    assert subject_of("How is the Pi?", ["Pi"]) == "health", "nobody takes Sentinel's words away by naming a star Pi"


async def test_the_round_table_gives_no_figure_of_the_machine_for_the_worlds(tmp_path: Path) -> None:
    async with furnished(tmp_path) as home:
        for seat in ("sentinel", "lorekeeper", ""):
            for question in (
                "What is the disk of Oculi made of?",
                "Was there an intruder at Pell Narrows?",
                "Does Venture have a power supply?",
                "Is there a backup of the Second Charter?",
            ):
                reply = (await ask(home, question, assistant=seat))[-1]
                assert not any("this machine" in source for source in reply.sources), (seat, question, reply.text)
                assert "suspicious" not in reply.text and "no backup" not in reply.text
        reply = (await ask(home, "Is there enough disk?"))[-1]
        assert reply.model == COMPUTED and "GB free" in reply.text
