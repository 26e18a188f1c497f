// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later

// backline-probe LIBRARY: reads what a plugin library says about itself, in a process that may
// crash or hang in its place. Prints one JSON object on standard output (see
// daemon/plugin/describe.hpp) and exits 0; 1 when it could not be printed; 2 on wrong usage. Runs
// no plugin code but static constructors.

#include "daemon/plugin/describe.hpp"
#include "daemon/plugin/formats/native.hpp"

#include <csignal>
#include <cstdio>
#include <exception>
#include <string>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace {

using namespace backline::plugin;

std::string probe(const std::string& path) {
    try {
        return describe(native::read(*native::Library::open(path)));
    } catch (const std::exception& error) {
        return describe_error(error.what());
    }
}

bool write_all(int to, const std::string& text) {
    for (std::size_t done = 0; done < text.size();) {
        const ssize_t n = write(to, text.data() + done, text.size() - done);
        if (n <= 0) return false;
        done += static_cast<std::size_t>(n);
    }
    return true;
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fputs("usage: backline-probe LIBRARY\n", stderr);
        return 2;
    }
    // A crash is an answer here: it needs no core file. Nor may this outlive who asked.
    const rlimit none{0, 0};
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    // What a library prints when it is loaded must not get into the answer.
    const int answer = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    dup2(STDERR_FILENO, STDOUT_FILENO);

    const bool printed = write_all(answer, probe(argv[1]) + "\n");
    // Neither static destructors nor exit handlers of the library run.
    std::fflush(stdout);
    _exit(printed ? 0 : 1);
}
