"""Every statement of the product against a freshly migrated database."""

import re

from harness.app import bin_dir
from harness.services import ROOT


def statements():
    files = sorted((ROOT / "libs").glob("*/sql/*.sql"))
    assert len(files) > 30
    return files


def test_every_statement_prepares(app, services, product):
    for file in statements():
        services.sql(product, f"PREPARE {file.stem} AS {file.read_text()}", role=f"{product}_user")


def reads():
    """Names of the statements that the build takes for reads."""
    sources = [file.read_text() for file in bin_dir().parent.glob("libs/*/generated/*/sql.c")]
    return {name for text in sources for name, flag in re.findall(r'^    \.name = "(\w+)",$.*?^    \.reads = (\w+),$', text, re.M | re.S)
            if flag == "true"}


def test_reads_share_transactions_and_change_nothing(app, services, product):
    """Asked with NULLs, so an error is no wonder; but Postgres looks for writes and locks first."""
    names = reads()
    assert len(names) > 50 and "properties_document" in names and "users_sign_in" not in names
    for file in statements():
        if file.stem in names:
            text = file.read_text()
            nulls = ", ".join(["NULL"] * len(set(re.findall(r"\$(\d+)::", text))))
            try:
                services.sql(product, f"BEGIN READ ONLY; PREPARE x AS {text};\nEXECUTE x{'(' + nulls + ')' if nulls else ''}",
                             role=f"{product}_user")
            except RuntimeError as failed:
                assert "read-only transaction" not in str(failed), file.name


def test_every_parameter_is_cast_and_every_number_used():
    for file in statements():
        code = "\n".join(line for line in file.read_text().splitlines() if not line.startswith("--"))
        numbers = {int(number) for number in re.findall(r"\$(\d+)", code)}
        assert numbers == set(range(1, len(numbers) + 1)), file.name
        cast = {int(number) for number in re.findall(r"\$(\d+)::", code)}
        assert numbers == cast, file.name


def test_every_statement_says_what_it_is_for():
    for file in statements():
        assert file.read_text().startswith("-- "), file.name


def test_thai_trigrams_work(services, product):
    assert services.sql(product, "SELECT array_length(show_trgm('ค้นหา'), 1) > 0") == [["t"]]


def test_the_server_role_changes_rows_and_nothing_else(services, app, product):
    role = f"{product}_user"
    for forbidden in ("CREATE TABLE x (a int)", "DROP TABLE users", "TRUNCATE users", "ALTER TABLE users ADD x int",
                      "UPDATE audit_log SET action = 'x'", "DELETE FROM audit_log", "CREATE TEMP TABLE x (a int)"):
        try:
            services.sql(product, forbidden, role=role)
        except RuntimeError as refused:
            assert "permission denied" in str(refused) or "must be owner" in str(refused), forbidden
        else:
            raise AssertionError(forbidden)


def test_seeding_again_adds_nothing(app, services, product):
    count = "SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM properties), (SELECT count(*) FROM fx_rates)"
    before = services.sql(product, count)
    assert app.command("seed", "--from", str(ROOT / "seeds" / product)).returncode == 0
    assert services.sql(product, count) == before
