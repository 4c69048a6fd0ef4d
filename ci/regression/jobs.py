"""jobs.py OUT: shell scripts of what README.md of the vectors, action.yml and gitlab.yml say, word for word.

OUT/readme.sh   the steps of corpora/vectors/README.md up to the first scorecard; OUT/readme.txt: what they print
OUT/action.sh   the steps of action.yml that run commands, as a server does it: inputs come from the environment
                (WITH_DECODER, ...), those that are unset are the defaults
OUT/gitlab.sh   before_script and script of gitlab.yml, with the variables that it sets and the environment leaves out
"""

import pathlib
import re
import shlex
import sys

import yaml

TOP = pathlib.Path(__file__).resolve().parent.parent.parent


def readme():
    """The blocks of code up to the fourth step: commands, the adapter, commands with "$" and their output."""
    text = (TOP / "corpora/vectors/README.md").read_text(encoding="utf-8")
    steps = text[text.index("\n1. "):text.index("\n4. ")]
    build, adapter, ask = [re.sub("^   ", "", block, flags=re.M)
                           for block in re.findall("```\n(.*?)   ```", steps, re.S)]
    asked = [line[2:] for line in ask.splitlines() if line.startswith("$ ")]
    said = [line for line in ask.splitlines() if not line.startswith("$ ")]
    script = ["exec 3>&1 >&2", *build.splitlines(), f"cat >my-adapter <<'ADAPTER'\n{adapter}ADAPTER",
              "exec >&3", *asked]
    return script, "\n".join(said) + "\n"


def action():
    """Its `run` steps. `uses` is the server's work."""
    file = yaml.safe_load((TOP / "ci/regression/action.yml").read_text(encoding="utf-8"))
    script = ["set -e"]
    for step in file["runs"]["steps"]:
        if "run" not in step:
            continue
        for name, value in step.get("env", {}).items():
            key = re.fullmatch(r"\$\{\{ inputs[.](\w+) \}\}", value).group(1)
            default = shlex.quote(file["inputs"][key]["default"])
            script.append(f"default={default}; export {name}=\"${{WITH_{key.upper()}-$default}}\"")
        script.append(step["run"])
    return script


def gitlab():
    job = yaml.safe_load((TOP / "ci/regression/gitlab.yml").read_text(encoding="utf-8"))[".jeconform"]
    script = ["set -e"]
    for name, value in job["variables"].items():
        script.append(f'[ -n "${{{name}+set}}" ] || export {name}="{value}"')
    return [*script, *job["before_script"], *job["script"]]


def main():
    out = pathlib.Path(sys.argv[1])
    commands, said = readme()
    (out / "readme.txt").write_text(said, encoding="utf-8")
    for name, script in (("readme", commands), ("action", action()), ("gitlab", gitlab())):
        (out / f"{name}.sh").write_text("\n".join(script) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
