"""docs/claims.md: read, brought up to date, and written."""

import datetime
import os
import re
import subprocess

HEAD = """# Claims

What leat promises, the command that checks each promise, and what it said last. `script/prove` writes
this page: the results and the totals are those of runs that took place, failed ones too.
`script/prove --list` names the parts, `script/prove PART` runs one.

"""
PROMISES = ("## Promises\n\n| part | promise | command | last result | when |\n"
            "|---|---|---|---|---|\n")
TOTALS = ("\n## Reached so far\n\nAdded up over all runs.\n\n"
          "| what | in all |\n|---|---|\n")
REST = "\n## Not covered\n"


def cell(text):
    return text.replace("|", "\\|").replace("\n", " ")


class Claims:
    """The rows of the page, by part and by total."""

    def __init__(self, top):
        self.top = top
        self.path = os.path.join(top, "docs", "claims.md")
        self.rows, self.totals, self.rest = {}, {}, ""
        if os.path.exists(self.path):
            self.load()

    def load(self):
        with open(self.path, encoding="utf-8") as file:
            text, _, self.rest = file.read().partition(REST)
        for line in text.splitlines():
            row = re.match(r"\| ([\w-]+) \|.*\| [\d-]+, .*\|$", line)
            total = re.match(r"\| (.+) \| ([\d ]+) \|$", line)
            if row:
                self.rows[row.group(1)] = line
            elif total:
                number = total.group(2).replace(" ", "")
                self.totals[total.group(1)] = int(number)

    def commit(self):
        done = subprocess.run(["git", "rev-parse", "--short", "HEAD"],
                              cwd=self.top, capture_output=True, text=True)
        return done.stdout.strip() or "no commit"

    def add(self, part, result, held, counts):
        now = datetime.datetime.now(datetime.timezone.utc)
        self.rows[part.name] = "| %s | %s | `%s` | %s%s | %s, %s |" % (
            part.name, cell(part.promise), cell(part.shown()),
            "" if held else "**failed** ", cell(result or "no result"),
            now.strftime("%Y-%m-%d"), self.commit())
        for name, number in counts.items():
            self.totals[name] = self.totals.get(name, 0) + number
        self.write()

    def count_run(self):
        runs = self.totals.get("runs of script/prove", 0)
        self.totals["runs of script/prove"] = runs + 1

    def write(self):
        from parts import PARTS
        rows = [self.rows[part.name] for part in PARTS
                if part.name in self.rows]
        totals = ["| %s | %s |" % (name, format(number, ",").replace(",", " "))
                  for name, number in sorted(self.totals.items())]
        with open(self.path, "w", encoding="utf-8") as file:
            file.write(HEAD + PROMISES + "\n".join(rows) + "\n" + TOTALS
                       + "\n".join(totals) + "\n" + REST + self.rest)
