// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/system/black_box.hpp"

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

namespace backline::system {
namespace {

constexpr std::uint64_t kMagic = 0x316b63'616c62'6c62; // "blblack1"
constexpr std::uint32_t kVersion = 1;                  // of the layout

/// FNV-1a, 64 bits (Fowler, Noll, Vo): the same for the same text in every run.
std::uint64_t hash(const std::string& text) {
    std::uint64_t value = 0xcbf29ce484222325u;
    for (const char c : text) {
        value ^= static_cast<unsigned char>(c);
        value *= 0x100000001b3u;
    }
    return value;
}

std::string error_text(const char* what) {
    return std::string(what) + ": " + std::strerror(errno);
}

} // namespace

/// The layout. All of it is zero in a new object.
struct BlackBox::Data {
    struct Slot {
        std::atomic<std::uint32_t> generation; ///< 0 while the texts change
        char node[kText];
        char plugin[kText];
    };
    std::uint64_t magic;
    std::uint32_t version;
    std::uint32_t size;
    std::int64_t pid;
    std::atomic<std::uint32_t> verdict; ///< Verdict::Kind
    std::atomic<std::int32_t> signal;
    std::atomic<std::uint64_t> word;
    std::atomic<std::int64_t> time;
    rt::Pulse pulse;
    Slot slots[kSlots];
};

std::string BlackBox::name_for(const std::string& directory) {
    std::error_code error;
    std::filesystem::path path = std::filesystem::weakly_canonical(directory, error);
    if (error) path = directory;
    char text[17];
    std::snprintf(text, sizeof text, "%016llx",
                  static_cast<unsigned long long>(hash(path.lexically_normal().string())));
    return "/backline-" + std::to_string(geteuid()) + "-" + text;
}

/// Leaves data_ at nullptr and says why when the object cannot be used.
void BlackBox::map_object(const std::string& name) {
    struct stat found {};
    for (int attempt = 0;; ++attempt) {
        fd_ = shm_open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd_ < 0) {
            problem_ = error_text("it cannot be opened");
            return;
        }
        if (flock(fd_, LOCK_EX | LOCK_NB) != 0) {
            problem_ = "another daemon uses it";
            return;
        }
        if (fstat(fd_, &found) != 0) {
            problem_ = error_text("it cannot be looked at");
            return;
        }
        // Between the opening and the lock its former owner may have removed it.
        if (found.st_nlink != 0 || attempt == 3) break;
        close(fd_);
    }
    if (!S_ISREG(found.st_mode) || found.st_uid != geteuid() || (found.st_mode & 077) != 0) {
        problem_ = "it is not ours alone";
        return;
    }
    constexpr auto kSize = static_cast<off_t>(sizeof(Data));
    if (found.st_size != 0 && found.st_size != kSize) {
        problem_ = "what the former run left has the wrong size, and is not looked at";
        if (ftruncate(fd_, 0) != 0) return; // zeros: read_last() finds nothing
    }
    if (found.st_size != kSize && ftruncate(fd_, kSize) != 0) {
        problem_ = error_text("it cannot be made as large as it is");
        return;
    }
    void* memory = mmap(nullptr, sizeof(Data), PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0);
    if (memory == MAP_FAILED) {
        problem_ = error_text("it cannot be mapped");
        return;
    }
    data_ = static_cast<Data*>(memory);
    name_ = name;
}

void BlackBox::read_last() {
    if (data_->magic == 0) return; // new
    if (data_->magic != kMagic || data_->version != kVersion || data_->size != sizeof(Data)) {
        problem_ =
            "what the former run left is of another version or damaged, and is not looked at";
        return;
    }
    Verdict verdict;
    const std::uint32_t kind = data_->verdict.load(std::memory_order_acquire);
    if (kind == 0) return;
    if (kind > static_cast<std::uint32_t>(Verdict::Kind::crashed)) {
        problem_ = "what the former run left is damaged, and is not looked at";
        return;
    }
    verdict.kind = static_cast<Verdict::Kind>(kind);
    verdict.signal = data_->signal.load();
    verdict.time = data_->time.load();
    const Names who = names(data_->word.load());
    verdict.node = who.node.data();
    verdict.plugin = who.plugin.data();
    last_ = std::move(verdict);
}

/// Empties the object, so that only slots which are used cost memory. False when there is no room.
bool BlackBox::empty_object() {
    // With all its pages: a file system that is full must say so now, and not by SIGBUS later.
    if (ftruncate(fd_, 0) == 0 && posix_fallocate(fd_, 0, sizeof(Data)) == 0) return true;
    problem_ = "there is no room for it";
    munmap(data_, sizeof(Data));
    data_ = nullptr;
    name_.clear();
    return false;
}

BlackBox::BlackBox(const std::string& name) {
    map_object(name);
    if (data_ != nullptr) read_last();
    if (data_ == nullptr || !empty_object()) {
        if (fd_ >= 0) close(fd_);
        fd_ = -1;
        void* memory =
            mmap(nullptr, sizeof(Data), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED)
            throw std::system_error(errno, std::generic_category(), "black box");
        data_ = static_cast<Data*>(memory);
    }
    if (!problem_.empty()) problem_ = "black box /dev/shm" + name + ": " + problem_;

    // What the audio thread writes to is populated now, and stays.
    std::memset(static_cast<void*>(data_), 0, offsetof(Data, slots));
    mlock(data_, offsetof(Data, slots));
    data_->magic = kMagic;
    data_->version = kVersion;
    data_->size = sizeof(Data);
    data_->pid = getpid();
}

BlackBox::~BlackBox() {
    const bool in_order = data_->verdict.load() == 0;
    munmap(data_, sizeof(Data));
    if (!name_.empty() && in_order) shm_unlink(name_.c_str());
    if (fd_ >= 0) close(fd_);
}

rt::Pulse& BlackBox::pulse() noexcept {
    return data_->pulse;
}

void BlackBox::name_slot(std::uint32_t slot, std::uint32_t generation, const std::string& node,
                         const std::string& plugin) noexcept {
    if (slot >= kSlots) return;
    Data::Slot& to = data_->slots[slot];
    if (to.generation.load(std::memory_order_relaxed) == generation && node == to.node
        && plugin == to.plugin)
        return;
    // Acquires too: no letter of the new name may be there before the old number is gone.
    to.generation.exchange(0, std::memory_order_acq_rel);
    std::strncpy(to.node, node.c_str(), kText - 1);
    std::strncpy(to.plugin, plugin.c_str(), kText - 1);
    to.generation.store(generation, std::memory_order_release);
}

BlackBox::Names BlackBox::names(std::uint64_t word) const noexcept {
    Names found;
    const std::uint32_t slot = rt::slot_of(word);
    if (word == 0 || slot >= kSlots) return found;
    const Data::Slot& from = data_->slots[slot];
    if (from.generation.load(std::memory_order_acquire) != rt::generation_of(word)) return found;
    std::memcpy(found.node.data(), from.node, kText - 1);
    std::memcpy(found.plugin.data(), from.plugin, kText - 1);
    return found;
}

void BlackBox::judge(Verdict::Kind kind, int signal, std::uint64_t word) noexcept {
    // The first cause counts; what it breaks on its way down does not.
    std::int64_t none = 0;
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    if (!data_->time.compare_exchange_strong(none, now.tv_sec)) return;
    data_->signal.store(signal);
    data_->word.store(word);
    data_->verdict.store(static_cast<std::uint32_t>(kind), std::memory_order_release);
}

} // namespace backline::system
