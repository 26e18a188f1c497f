// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/system/notify.hpp"

#include <algorithm>
#include <string_view>

#include <systemd/sd-daemon.h>

namespace backline::system::notify {
namespace {

/// A line break would begin another assignment.
std::string status_line(std::string text) {
    std::ranges::replace(text, '\n', ' ');
    return "STATUS=" + text;
}

void send(const std::string& state) {
    sd_notify(0, state.c_str());
}

} // namespace

void ready(const std::string& status) {
    send("READY=1\n" + status_line(status));
}

void stopping() {
    send("STOPPING=1");
}

void status(const std::string& text) {
    send(status_line(text));
}

} // namespace backline::system::notify
