"""Each style check finds a planted violation and nothing in clean code."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
sys.path.insert(0, str(SCRIPTS))

import check_docs  # noqa: E402
import check_headers  # noqa: E402
import check_layers  # noqa: E402
import check_machine  # noqa: E402
import check_size  # noqa: E402
import check_words  # noqa: E402
import make_docs  # noqa: E402


def function(name="work", parameters="void", body="    use();\n"):
    return f"int {name}({parameters})\n{{\n{body}}}\n"


class PlantedTree(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name).resolve() / "tree"
        self.root.mkdir()

    def plant(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def assert_found(self, findings, *texts):
        """Exactly one finding for each text, in any order."""
        self.assertEqual(len(findings), len(texts), findings)
        for text in texts:
            self.assertTrue(any(text in finding for finding in findings), (text, findings))


class Size(PlantedTree):
    def found_in(self, text, path="libs/core/a.c"):
        self.plant(path, text)
        return check_size.check(self.root)

    def test_function_of_60_lines_passes_and_61_not(self):
        self.assert_found(self.found_in(function(body="    use();\n" * 57)))
        self.assert_found(self.found_in(function(body="    use();\n" * 58)), "a.c:1: work: 61 lines")

    def test_5_parameters_pass_and_6_not(self):
        five = "int a, int (*b)(int, int), int c[2], int d,\n    int e"
        self.assert_found(self.found_in(function(parameters=five)))
        self.assert_found(self.found_in(function(parameters=five + ", int f")), "work: 6 parameters")

    def test_attributes_ctx_and_ellipsis_are_not_parameters(self):
        text = "__attribute__((format(printf, 2, 3)))\n" + function(parameters="struct ctx *ctx, const char *fmt, ...")
        self.assertEqual([row[0:1] + row[3:4] for row in check_size.functions(text)], [("work", 1)])

    def test_complexity_12_passes_and_13_not(self):
        ifs = "    if (a) {\n        use();\n    }\n"
        self.assert_found(self.found_in(function(body=ifs * 11)))
        self.assert_found(self.found_in(function(body=ifs * 10 + "    b = c && d ? 1 : 2;\n")), "work: 13 complexity")

    def test_comments_and_strings_do_not_count(self):
        self.assert_found(self.found_in(function(body='    use("if (a && b)"); /* for while */ // ? if\n' * 20)))

    def test_unit_tests_are_named_by_their_argument(self):
        self.plant("libs/core/a_test.c", "START_TEST(adds_up)\n{\n" + "    use();\n" * 60 + "}\nEND_TEST\n")
        self.assert_found(check_size.check(self.root), "adds_up: 63 lines")

    def test_file_header_and_test_have_their_own_limits(self):
        self.plant("libs/core/a.c", "\n" * 400)
        self.plant("libs/core/a.h", "\n" * 150)
        self.plant("libs/core/a_test.c", "\n" * 600)
        self.assert_found(check_size.check(self.root))
        self.plant("libs/core/a.c", "\n" * 401)
        self.plant("libs/core/a.h", "\n" * 151)
        self.plant("libs/core/a_test.c", "\n" * 601)
        self.assert_found(check_size.check(self.root), "a.c:1: 401", "a.h:1: 151", "a_test.c:1: 601")

    def test_exception_needs_a_reason_and_a_use(self):
        self.plant("libs/core/a.c", function(body="    use();\n" * 70))
        self.plant("scripts/size_exceptions.txt", "# comment\nlibs/core/a.c:work: one step a line\n")
        self.assert_found(check_size.check(self.root))
        self.plant("scripts/size_exceptions.txt", "libs/core/a.c:work:\nlibs/core/b.c:work: gone\n")
        self.assert_found(check_size.check(self.root), "a.c:work has no reason", "b.c:work is not needed")


class Layers(PlantedTree):
    def found_in(self, path, text):
        self.plant(path, text)
        return check_layers.check(self.root)

    def test_arrows_point_down(self):
        self.assert_found(self.found_in("libs/users/users.c", '#include "db/db.h"\n#include "users/sql.h"\n'))
        self.assert_found(self.found_in("libs/db/db.c", '\n#include "users/users.h"\n'), 'db.c:2: may not include "users/users.h"')

    def test_includes_name_the_lib(self):
        self.assert_found(self.found_in("libs/core/buf.c", '#include "buf.h"\n'), "may not include")

    def test_products_see_the_top_only(self):
        self.assert_found(self.found_in("apps/one/main.c", '#include "svc/svc.h"\n#include "db/db.h"\n'), '"db/db.h"')

    def test_third_party_headers_have_one_place(self):
        self.assert_found(self.found_in("libs/net/loop.c", "#include <uv.h>\n"))
        self.assert_found(self.found_in("libs/http/server.c", "#include <uv.h>\n"), "<uv.h> belongs in")

    def test_header_that_shows_a_third_party_one_is_private(self):
        self.plant("libs/db/conn.h", "#include <libpq-fe.h>\n")
        self.plant("libs/db/conn.c", '#include "db/conn.h"\n')
        self.assert_found(check_layers.check(self.root))
        self.plant("libs/users/users.c", '#include "db/conn.h"\n')
        self.assert_found(check_layers.check(self.root), "users.c: may not include")

    def test_libs_know_no_product(self):
        self.assert_found(self.found_in("libs/core/README.md", "For Orchid.\n"))
        self.plant("apps/orchid-api/product.c", "\n")
        self.assert_found(check_layers.check(self.root), "README.md:1: names the product Orchid")

    def test_new_lib_needs_a_row(self):
        self.assert_found(self.found_in("libs/misc/a.c", "\n"), "libs/misc: has no row")


class Words(PlantedTree):
    def found_in(self, text, path="libs/http/a.c"):
        self.plant(path, text)
        return check_words.check(self.root)

    def test_unsafe_calls(self):
        self.assert_found(self.found_in("x = atoi(s);\ngmtime (t);\n"), "a.c:1: atoi", "a.c:2: gmtime")

    def test_words_in_comments_strings_and_other_names(self):
        self.assert_found(self.found_in('/* atoi(s) */ use("atoi(s)"); // goto\nmy_atoi(s); gmtime_r(t); lane->free(x); goto_page();\n'))

    def test_raw_allocation_is_for_core_and_tests(self):
        self.plant("libs/core/arena.c", "p = malloc(1);\n")
        self.plant("libs/http/a_test.c", "free(p);\n")
        self.assert_found(self.found_in("free(p);\n"), "a.c:1: free()")

    def test_blocking_calls(self):
        self.plant("libs/db/migrate.c", "PQexec(c, s);\n")
        self.assert_found(self.found_in("PQexec(c, s);\nsleep(1);\n"), "a.c:1: PQexec", "a.c:2: sleep")

    def test_goto(self):
        self.assert_found(self.found_in("    goto out;\n"), "a.c:1: goto")

    def test_macros_do_not_hide_a_return(self):
        try_macro = "#define TRY(c) \\\n    do { \\\n        return c; \\\n    } while (0)\n"
        self.assert_found(self.found_in(try_macro))
        self.assert_found(self.found_in("\n" + try_macro.replace("TRY", "CHECK")), "a.c:2: macro CHECK")

    def test_sql_is_for_sql_files(self):
        self.plant("libs/db/tx.c", 'run("select 1");\n')
        self.assert_found(self.found_in('say("select one"); run("INSERT INTO t values (1)");\n', "libs/users/a.c"), "SQL", "SQL")

    def test_notes_to_self_anywhere(self):
        self.assert_found(self.found_in("# FIXME later\n", "scripts/a.sh"), "a.sh:1: FIXME")


class Headers(PlantedTree):
    def test_header_that_needs_another_one(self):
        self.plant("libs/core/a.h", "#include <stddef.h>\nsize_t a_size(void);\n")
        self.plant("libs/core/b.h", "size_t b_size(void);\n")
        self.assert_found(check_headers.check(self.root), "core/b.h: does not compile alone")

    def test_header_without_guard(self):
        self.plant("libs/core/a.h", "struct a {\n    int b;\n};\n")
        self.assert_found(check_headers.check(self.root), "core/a.h: does not compile alone")


class Machine(PlantedTree):
    def test_own_path(self):
        self.plant("a.md", f"Look in {self.root}/build or in the tree.\n")
        self.assert_found(check_machine.check(self.root, texts=[]), "a.md:1: names this machine")

    def test_configured_registry(self):
        self.plant("lock.json", '{\n"resolved": "https://packages.example.test/x.tgz"\n}\n')
        self.plant("ok.json", '{"resolved": "https://mypackages.example.test/x.tgz"}\n')
        configuration = ["deb https://user:secret@packages.example.test:8443/debian stable main", "http://localhost:1/"]
        self.assert_found(check_machine.check(self.root, configuration), "lock.json:2: names this machine")


def readme(lib, headers="nothing", text="Values."):
    may = ", ".join(sorted(check_layers.LAYERS[lib] - {lib})) or "nothing"
    return f"{text}\n\n| | |\n|---|---|\n| may include | {may} |\n| for others | {headers} |\n| tested by | tests |\n| a new thing | here |\n"


class Docs(PlantedTree):
    def test_paths_in_the_text(self):
        self.plant("migrations/1.sql", "\n")
        page = "See `migrations/1.sql`, `migrations/<product>/x.sql` and `scripts/gone.sh --help`.\n"
        for path in ("docs/how-to/a.md", "docs/b.md", "CONTRIBUTING.md", "docs/adr/0001-a.md"):
            self.plant(path, page)
        found = [f"{path}:1: scripts/gone.sh does not exist" for path in ("docs/how-to/a.md", "docs/b.md", "CONTRIBUTING.md")]
        self.assert_found(check_docs.check(self.root), *found)

    def test_scripts_in_examples(self):
        self.plant("scripts/here.sh", "\n")
        self.plant("a.md", "```\nscripts/here.sh --detach\nT=$(scripts/gone.sh x)\n../other/scripts/far.sh\n```\n")
        self.assert_found(check_docs.check(self.root), "a.md:3: scripts/gone.sh does not exist")

    def test_files_that_a_lib_names(self):
        self.plant("libs/db/tx.c", "\n")
        self.plant("libs/core/err.h", "\n")
        self.plant("libs/core/README.md", readme("core"))
        self.plant("libs/db/README.md", readme("db", text="`tx.c` fails as `core/err.h` says; see `gone.c`."))
        self.assert_found(check_docs.check(self.root), "README.md:1: gone.c does not exist")

    def test_every_lib_and_product_has_a_readme(self):
        self.plant("libs/db/tx.c", "\n")
        self.plant("apps/one-api/main.c", "\n")
        self.assert_found(check_docs.check(self.root), "libs/db: has no README.md", "apps/one-api: has no README.md")

    def test_the_table_of_a_readme_is_what_the_code_says(self):
        self.plant("libs/core/err.h", "\n")
        self.plant("libs/core/log.h", "\n")
        self.plant("libs/db/db.c", '#include "core/err.h"\n#include "db/db.h"\n#include "core/made.h"\n')
        self.plant("libs/db/db_test.c", '#include "core/log.h"\n')
        self.plant("libs/core/README.md", readme("core", "`core/err.h`"))
        self.plant("libs/db/README.md", readme("db"))
        self.assert_found(check_docs.check(self.root))
        self.plant("libs/core/README.md", readme("core", "`core/err.h`, `core/log.h`"))
        self.plant("libs/db/README.md", readme("db").replace("config, core, net", "core"))
        self.assert_found(check_docs.check(self.root), "core/README.md: for others is `core/err.h`", "db/README.md: may include config, core, net")
        self.plant("libs/core/README.md", readme("core", "`core/err.h`").replace("| a new thing | here |\n", ""))
        self.plant("libs/db/README.md", readme("db"))
        self.assert_found(check_docs.check(self.root), "core/README.md: has no table")

    def test_the_layer_table_is_the_enforced_one(self):
        rows = {**check_layers.LAYERS, "apps": check_layers.APPS}
        table = "".join(f"| {lib} | {', '.join(sorted(seen - {lib})) or 'nothing'} |\n" for lib, seen in rows.items())
        head = "| lib | may include |\n|---|---|\n"
        self.plant("README.md", head + table)
        self.assert_found(check_docs.check(self.root))
        self.plant("README.md", head + table.replace("| core | nothing |", "| core | db |") + "| extra | core |\n")
        self.assert_found(check_docs.check(self.root), "row of core", "row of extra")
        self.plant("README.md", "What it is.\n")
        self.assert_found(check_docs.check(self.root), "no table of layers")

    def test_limits_page_is_made_of_the_header(self):
        self.plant("libs/core/README.md", readme("core"))
        self.plant("scripts/make_docs.py", "\n")
        self.plant("libs/core/limits.h", "/* Doors */\n#define LIMIT_KEY_BYTES 2048 /* as sent */\n#define LIMIT_DOORS 3\n")
        self.assert_found(check_docs.check(self.root), "docs/limits.md")
        self.plant("docs/limits.md", make_docs.limits(self.root))
        self.assert_found(check_docs.check(self.root))
        page = (self.root / "docs/limits.md").read_text(encoding="utf-8")
        self.assertIn("## Doors\n", page)
        self.assertIn("| `LIMIT_KEY_BYTES` | 2 KiB | as sent |\n| `LIMIT_DOORS` | 3 |  |\n", page)

    def test_settings_of_products_differ_in_defaults_only(self):
        self.assertEqual(make_docs.joined({"one": "| `A` | text | `x` | What |", "two": "| `A` | text | `y` | What |"}),
                         "| `A` | text | one: `x`, two: `y` | What |")
        with self.assertRaises(ValueError):
            make_docs.joined({"one": "| `A` | text | `x` | What |", "two": "| `A` | secret | `x` | What |"})

    def test_links_of_all_pages(self):
        self.plant("docs/a.md", "[b](b.md#top) [web](https://example.test/) [self](#here)\n```\n[c](c.md)\n```\n")
        self.assert_found(check_docs.check(self.root), "a.md:1: b.md does not exist")


class Hardening(PlantedTree):
    SOURCE = """#include <stdio.h>
    #include <string.h>
    int main(int argc, char **argv)
    {
        char text[16];
        memcpy(text, argv[0], (size_t)argc);
        return puts(text) > 0 ? 0 : 1;
    }
    """

    def findings_for(self, *flags):
        self.plant("a.c", self.SOURCE)
        program = self.root / "a"
        subprocess.run(["gcc", "-w", "-O2", *flags, "-o", str(program), str(self.root / "a.c")], check=True)
        result = subprocess.run([str(SCRIPTS / "check_hardening.sh"), str(program)], capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, 1 if result.stdout else 0, result.stderr)
        return result.stdout.splitlines()

    def test_hardened_program_passes(self):
        flags = ["-fPIE", "-pie", "-Wl,-z,relro,-z,now", "-fstack-protector-strong", "-D_FORTIFY_SOURCE=2", "-fcf-protection=full"]
        self.assert_found(self.findings_for(*flags))

    def test_each_missing_protection_is_named(self):
        flags = ["-fno-pie", "-no-pie", "-Wl,-z,norelro,-z,lazy,-z,execstack", "-fno-stack-protector", "-U_FORTIFY_SOURCE"]
        findings = self.findings_for(*flags, "-fcf-protection=none", "-Wl,-rpath,/nowhere")
        protections = ["no PIE", "no RELRO", "no BIND_NOW", "executable", "stack protector", "fortified", "search path"]
        for protection in protections:
            self.assertTrue(any(protection in finding for finding in findings), (protection, findings))


class CheckScript(unittest.TestCase):
    def run_check(self, *names, **environment):
        command = ["/bin/sh", str(SCRIPTS / "check.sh"), *names]
        return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)

    def test_unknown_name_fails(self):
        result = self.run_check("spelling", PATH="/usr/bin:/bin")
        self.assertEqual((result.returncode, "unknown check" in result.stderr), (1, True))

    def test_missing_tool_fails(self):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "dirname").symlink_to("/usr/bin/dirname")
            result = self.run_check("shell", PATH=folder)
        self.assertEqual((result.returncode, "shellcheck is not installed" in result.stderr), (1, True))


if __name__ == "__main__":
    unittest.main()
