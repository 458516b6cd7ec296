#!/usr/bin/python3
"""tidy.py finds what was planted, and leaves alone what only looks like it."""

import tempfile
import unittest
from pathlib import Path

import tidy

HEAD = "// What it is for.\n// What it is not.\n"


class Tree(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)

    def plant(self, path, text, head=HEAD):
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(head + text)

    def found(self):
        return [f"{path}:{line}: {what}" for path, line, what in tidy.violations(self.root)]

    def assert_found(self, *parts):
        found = self.found()
        self.assertEqual(len(found), 1, found)
        for part in parts:
            self.assertIn(part, found[0])

    def assert_clean(self):
        self.assertEqual(self.found(), [])


class Layers(Tree):
    def test_an_upward_include_is_found(self):
        self.plant("src/net/io.cc", '#include "worker/worker.h"\n')
        self.assert_found("src/net/io.cc:3:", "'net' (layer 3) includes 'worker' (layer 9)")

    def test_a_public_header_may_not_look_up_either(self):
        self.plant("include/ringway/hash/hash.h", '#pragma once\n#include "net/io.h"\n')
        self.assert_found("include/ringway/hash/hash.h:4:", "'net' (layer 3)")

    def test_downward_and_sideways_are_fine(self):
        self.plant("src/board/x.cc", '#include "ringway/proto/x.h"\n#include "net/io.h"\n')
        self.plant("src/ring/x.cc", '#include "ringway/hash/hash.h"\n#include <vector>\n')
        self.plant("src/main.cc", '#include "cli/cli.h"\n')
        self.assert_clean()

    def test_rooms_of_one_height_that_are_strangers_stay_so(self):
        self.plant("src/clients/x.cc", '#include "servers/servers.h"\n')
        self.assert_found("src/clients/x.cc:3:", "do not know each other")

    def test_a_folder_in_no_layer_is_found(self):
        self.plant("src/stuff/x.cc", "")
        self.assert_found("'stuff' is in no layer")

    def test_an_include_of_a_folder_in_no_layer_is_found(self):
        self.plant("src/cli/x.cc", '#include "stuff/x.h"\n')
        self.assert_found("src/cli/x.cc:3:", "in no layer")

    def test_tests_and_benches_may_include_anything(self):
        self.plant("tests/unit/net/x_test.cc", '#include "worker/worker.h"\n')
        self.assert_clean()


class AnyProtocol(Tree):
    def test_a_protocol_named_in_the_core_is_found(self):
        self.plant("src/executor/x.cc", "// As memcached has it.\n")
        self.assert_found("src/executor/x.cc:3:", "names memcached")

    def test_elsewhere_protocols_have_names(self):
        self.plant("src/cli/x.cc", "// As memcached has it.\n")
        self.assert_clean()


class OneDoor(Tree):
    def test_a_socket_header_above_the_door_is_found(self):
        self.plant("src/board/x.cc", "#include <sys/socket.h>\n")
        self.assert_found("src/board/x.cc:3:", "<sys/socket.h>")

    def test_a_clock_is_found(self):
        self.plant("src/worker/x.cc", "auto t = std::chrono::steady_clock::now();\n")
        self.assert_found("src/worker/x.cc:3:", "steady_clock::now")

    def test_a_system_call_is_found(self):
        self.plant("src/worker/x.cc", "void f(int fd) { ::close(fd); }\n")
        self.assert_found("::close(")

    def test_the_same_words_in_comments_and_strings_are_not(self):
        self.plant("src/worker/x.cc", '// ::close( and io_uring_enter(\nauto s = "::recv(";\n')
        self.assert_clean()

    def test_a_method_of_the_same_name_is_not(self):
        self.plant("src/worker/x.cc", "void f() { io_.close(fd); Io::close(fd); }\n")
        self.assert_clean()

    def test_the_files_that_implement_io_may(self):
        for path in ("src/net/uring_io.cc", "src/net/epoll_io.cc", "src/net/address.h"):
            self.plant(path, "#pragma once\n#include <unistd.h>\nint a = ::close(3);\n")
        self.assert_clean()

    def test_other_files_of_net_may_not(self):
        self.plant("src/net/table.cc", "int f() { return ::close(3); }\n")
        self.assert_found("src/net/table.cc:3:")

    def test_what_is_off_the_data_path_may(self):
        self.plant("src/admin/x.cc", "#include <unistd.h>\n")
        self.assert_clean()


class Sizes(Tree):
    def test_a_file_that_is_too_long_is_found(self):
        self.plant("src/net/x.cc", "\n" * 600)
        self.assert_found("602 lines, at most 600")

    def test_a_table_may_be_long(self):
        self.plant("src/proto/command_table.cc", "\n" * 700)
        self.assert_clean()

    def body(self, lines):
        return "{\n" + "  f();\n" * (lines - 2) + "}\n"

    def test_a_function_of_seventy_lines_is_the_longest(self):
        self.plant("src/net/x.cc", "void g() " + self.body(70))
        self.assert_clean()

    def test_a_longer_one_is_found_wherever_it_hides(self):
        heads = ["void g() ", "int A::g(int a = 3) const noexcept ", "A::A() : a_{1}, b_(2) ",
                 "template <typename T>\nauto g(T t) -> std::vector<T> ",
                 "namespace a {\nclass B : public C {\n  bool operator==(const B& b) const ",
                 "class alignas(64) B {\n  int operator[](int i) ", 'TEST_CASE("a {claim}") ']
        for head in heads:
            with self.subTest(head):
                self.plant("src/net/x.cc", head + self.body(71))
                self.assert_found("lines, at most 70")

    def test_a_long_list_of_values_is_no_function(self):
        self.plant("src/net/x.cc", "constexpr Row rows[] = " + self.body(90) + ";\n" +
                   "constexpr auto more = std::to_array<Row>({\n" + "  {1, 2},\n" * 90 + "});\n")
        self.assert_clean()

    def test_a_long_class_is_no_function(self):
        self.plant("src/net/x.cc", "struct A {\n" + "  int f() { return 1; }\n" * 90 + "};\n")
        self.assert_clean()


class Heads(Tree):
    def test_a_file_without_a_head_is_found(self):
        self.plant("src/net/x.cc", "int a;\n", head="")
        self.assert_found("opens with 0 lines")

    def test_a_head_of_one_line_or_of_thirteen_is_found(self):
        for lines in (1, 13):
            with self.subTest(lines):
                self.plant("src/net/x.cc", "int a;\n", head="// word\n" * lines)
                self.assert_found(f"opens with {lines} lines")

    def test_a_drawing_makes_a_head_as_long_as_it_needs(self):
        self.plant("src/net/x.cc", "//   a --> b\n" * 20 + "int a;\n")
        self.assert_clean()

    def test_tests_need_no_head(self):
        self.plant("tests/unit/net/x_test.cc", "int a;\n", head="")
        self.assert_clean()

    def test_a_header_without_pragma_once_is_found(self):
        self.plant("src/net/x.h", "int a;\n")
        self.assert_found("#pragma once")


class Words(Tree):
    def test_names_that_say_nothing_are_found(self):
        for text in ("class ConnManager;", "struct BaseRoute;", "class RouteImpl;", "class Util;",
                     "void process(int a);", "worker.handle(done);"):
            with self.subTest(text):
                self.plant("src/net/x.cc", text + "\n")
                self.assert_found("says nothing")

    def test_names_that_only_contain_them_are_fine(self):
        self.plant("src/net/x.cc", "class Utility; int database; int process_id; int Basement;\n"
                   '#include "ringway/base/bytes.h"\nBase64 base_;  // a Manager\n')
        self.assert_clean()

    def test_a_wide_line_is_found(self):
        self.plant("src/net/x.cc", "int " + "a" * 96 + ";\n")
        self.assert_found("101 columns")

    def test_columns_are_characters_not_bytes(self):
        self.plant("src/net/x.cc", "// " + "ü" * 97 + "\n")
        self.assert_clean()

    def test_a_path_of_one_machine_is_found(self):
        self.plant("configs/x.toml", 'file = "/ro' + 'ot/x"\n')
        self.assert_found("configs/x.toml:3:", "path of one machine")


if __name__ == "__main__":
    unittest.main()
