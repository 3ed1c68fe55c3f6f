"""`haven project ...`: what the project's own repository may ask for."""

from __future__ import annotations

from typing import Annotated

import typer

from haven.access import Act, check
from haven.app import House
from haven.changes.project_file import PROJECT_FILE, read_project_file
from haven.changes.sandbox.requirements import read_needs
from haven.commands.session import Json, err, in_house, out, owner, print_json
from haven.errors import Unavailable

app = typer.Typer(no_args_is_help=True, help="The project that this Haven looks after.")


@app.command()
def allow(
    yes: Annotated[bool, typer.Option("--yes", help="Allow without asking.")] = False, as_json: Json = False
) -> None:
    """Read what the project's tests need installed, and allow exactly this content."""

    async def work(house: House) -> None:
        check(owner(), Act.SETTINGS)
        if house.repository is None:
            raise Unavailable(house.repository_error, retry=False)
        await house.repository.fetch(house.settings.project.target_branch)
        tip = await house.repository.tip(house.settings.project.target_branch)
        project = read_project_file(await house.repository.read(tip, PROJECT_FILE))
        needs = await read_needs(house.repository, tip, project)
        if not needs:
            said = "The project's tests need nothing beside pytest; there is nothing to allow."
            print_json({"allowed": None}) if as_json else out.print(said)
            return
        err.print(needs.in_words(), markup=False)
        if not yes:
            typer.confirm("Allow exactly this for this project's tests?", abort=True, err=True)
        house.environments.allow(needs.digest)
        print_json({"allowed": needs.digest}) if as_json else out.print(f"Allowed: {needs.digest[:12]}")

    in_house(work)
