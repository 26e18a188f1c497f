// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/control/inbox.hpp"

#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>

#include <sys/eventfd.h>
#include <unistd.h>

namespace backline::control {

Inbox::Inbox() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
}

Inbox::~Inbox() {
    ::close(fd_);
}

void Inbox::post(Task task) {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    tasks_.push_back(std::move(task));
    if (tasks_.size() > 1) return; // awake already
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(fd_, &one, sizeof one);
}

void Inbox::run() {
    std::vector<Task> tasks;
    {
        const std::lock_guard lock(mutex_);
        std::uint64_t count = 0;
        [[maybe_unused]] const auto taken = ::read(fd_, &count, sizeof count);
        tasks.swap(tasks_);
    }
    for (Task& task : tasks)
        task();
}

void Inbox::close() {
    std::vector<Task> forgotten; // destroyed after the lock is gone
    const std::lock_guard lock(mutex_);
    closed_ = true;
    forgotten.swap(tasks_);
}

} // namespace backline::control
