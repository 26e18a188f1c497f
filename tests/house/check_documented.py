#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The backline authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every public symbol of a public header has a comment that doxygen finds.

Public headers are those of the plugin ABI and SDK, of protocol/ and of daemon/. Public symbols are
types, functions, constants and macros that can be named from outside. Exempt are those whose contract
is given elsewhere: overrides, special members that are deleted or defaulted, destructors, operators,
overloads of a function that has a comment, typedefs that only repeat a struct's name, what lies in a
namespace `detail`; and fields and enumerators, of which the comment of their type speaks where they
have none.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

import house

PUBLIC = re.compile(r"^(plugins/api/.*\.h|plugins/sdk/.*\.hpp|protocol/[^/]*\.hpp|daemon/.*\.hpp)$")
OPTIONS = """
QUIET = YES
WARNINGS = NO
GENERATE_HTML = NO
GENERATE_LATEX = NO
GENERATE_XML = YES
XML_PROGRAMLISTING = NO
EXTRACT_ALL = YES
EXTRACT_STATIC = YES
EXTRACT_ANON_NSPACES = NO
JAVADOC_AUTOBRIEF = YES
DISTRIBUTE_GROUP_DOC = YES
ENABLE_PREPROCESSING = YES
MACRO_EXPANSION = YES
EXPAND_ONLY_PREDEF = YES
PREDEFINED = BACKLINE_RT= __attribute__(x)= BL_EXPORT= __cplusplus
"""


def has_text(element):
    return any("".join(part.itertext()).strip()
               for tag in ("briefdescription", "detaileddescription", "inbodydescription")
               for part in element.findall(tag))


def place(element, root):
    location = element.find("location")
    path = location.get("file")
    return f"{os.path.relpath(path, root)}:{location.get('line')}"


def is_exempt(member, type_name):
    """Whether a member's contract stands somewhere else."""
    kind, name = member.get("kind"), member.findtext("name", "")
    arguments = member.findtext("argsstring", "")
    if kind == "friend" or name.startswith(("~", "operator", "@")):
        return True
    if re.search(r"=\s*(delete|default)\b|\boverride\b", arguments):
        return True
    if kind == "variable" and type_name is not None:
        constant = "constexpr" in member.findtext("definition", "") or member.get("static") == "yes"
        return not constant
    if kind == "typedef" and re.search(rf"\bstruct {re.escape(name)}$", "".join(member.find("type").itertext())):
        return True
    return kind == "define" and bool(re.search(r"_H(PP)?$", name))


def undocumented(folder, root):
    found = []
    for name in sorted(os.listdir(folder)):
        if name in ("index.xml", "Doxyfile.xml") or not name.endswith(".xml"):
            continue
        compound = ElementTree.parse(os.path.join(folder, name)).getroot().find("compounddef")
        kind = compound.get("kind")
        if kind not in ("class", "struct", "union", "namespace", "file"):
            continue
        is_type = kind in ("class", "struct", "union")
        type_name = compound.findtext("compoundname", "")
        if "detail" in type_name.split("::"):
            continue  # not for use from outside
        if is_type:
            if compound.get("prot") != "public" or "@" in type_name:
                continue
            if not has_text(compound):
                found.append(f"{place(compound, root)}: {type_name} has no comment")
        commented = {member.findtext("name") for member in compound.iter("memberdef")
                     if member.get("kind") == "function" and has_text(member)}
        for member in compound.iter("memberdef"):
            if member.get("prot") != "public" or has_text(member):
                continue
            if member.get("kind") == "function" and member.findtext("name") in commented:
                continue
            if not is_exempt(member, type_name if is_type else None):
                symbol = member.findtext("name")
                found.append(f"{place(member, root)}: {type_name + '::' if is_type else ''}{symbol} has no comment")
    return sorted(set(found))


def check(root):
    headers = [path for path in house.files(root) if PUBLIC.match(path)]
    if not headers:
        return ["no public header found"]
    with tempfile.TemporaryDirectory() as folder:
        inputs = " ".join(f'"{os.path.join(root, path)}"' for path in headers)
        subprocess.run(["doxygen", "-"], check=True, text=True, capture_output=True, cwd=folder,
                       input=f"{OPTIONS}\nOUTPUT_DIRECTORY = {folder}\nINPUT = {inputs}\n")
        return undocumented(os.path.join(folder, "xml"), root)


def sample(complaint, text, path="daemon/engine/a.hpp"):
    return house.Sample(complaint, {path: text})


SAMPLES = [
    sample("", """
namespace n {
/// A thing.
struct A {
    A(const A&) = delete;
    ~A();
    int field;
    int other; ///< Another.
    /// Acts.
    void act();
    void act(int how);
  private:
    void hidden();
    class B {};
};
/// Adds.
int add(int a, int b);
namespace { int secret(); }
namespace detail { struct C {}; int helper(); }
}
"""),
    sample("", "/** A. */\ntypedef struct a { int x; } a;\ntypedef struct a a;\n", "plugins/api/backline/a.h"),
    sample("a has no comment", "typedef struct a { int x; } a;\n", "plugins/api/backline/a.h"),
    sample("A has no comment", "namespace n { struct A { int x; }; }"),
    sample("add has no comment", "namespace n {\nint add(int a, int b);\n}"),
    sample("A::act has no comment", "/// A.\nclass A {\n  public:\n    void act() noexcept;\n};\n"),
    sample("A::B has no comment", "/// A.\nclass A {\n  public:\n    struct B {};\n};\n"),
    sample("A::kMost has no comment", "/// A.\nstruct A {\n    static constexpr int kMost = 3;\n};\n"),
    sample("Name has no comment", "namespace n {\nusing Name = int;\n}"),
    sample("Kind has no comment", "namespace n {\nenum class Kind { a, b };\n}"),
    sample("kMost has no comment", "namespace n {\ninline constexpr int kMost = 3;\n}"),
    sample("BL_X has no comment", "#ifndef A_H\n#define A_H\n#define BL_X 3\n#endif\n", "plugins/api/backline/a.h"),
    sample("no public header", "int x;\n", "daemon/a.cpp"),
]

if __name__ == "__main__":
    if shutil.which("doxygen") is None:
        sys.exit("doxygen is not installed")
    sys.exit(house.main(check, SAMPLES))
