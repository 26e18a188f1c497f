// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "protocol/backlinectl/run.hpp"

#include <iostream>

int main(int argc, char** argv) {
    return backline::protocol::backlinectl::run(argc, argv, std::cout, std::cerr);
}
