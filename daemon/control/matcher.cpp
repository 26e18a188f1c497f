// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/control/matcher.hpp"

#include <stdexcept>

namespace backline::control {
namespace {

/// Program counters without repetition, in the order added (Briggs and Torczon, "An Efficient
/// Representation for Sparse Sets", 1993): clearing costs nothing.
class States {
  public:
    explicit States(std::size_t capacity) : dense_(capacity), sparse_(capacity) {}
    bool insert(std::uint16_t state) {
        if (const std::uint16_t at = sparse_[state]; at < size_ && dense_[at] == state)
            return false;
        sparse_[state] = size_;
        dense_[size_++] = state;
        return true;
    }
    void clear() { size_ = 0; }
    std::uint16_t size() const { return size_; }
    std::uint16_t operator[](std::uint16_t index) const { return dense_[index]; }

  private:
    std::vector<std::uint16_t> dense_, sparse_;
    std::uint16_t size_ = 0;
};

} // namespace

Pattern::Pattern(std::string_view text) : text_(text) {
    if (text.size() > kMaxLength)
        throw std::invalid_argument("a pattern has at most " + std::to_string(kMaxLength)
                                    + " bytes, got " + std::to_string(text.size()));
    for (std::size_t i = 0; i < text.size();) {
        const char c = text[i];
        // Forward jumps aim at what is added next.
        const auto here = static_cast<std::uint16_t>(program_.size());
        const auto after = static_cast<std::uint16_t>(here + 1);
        if (c == '?') {
            add({Op::any, 0, 0, after, 0});
            ++i;
        } else if (c == '*') {
            add({Op::split, 0, 0, after, static_cast<std::uint16_t>(here + 2)});
            add({Op::any, 0, 0, here, 0});
            ++i;
        } else if (c == '[') {
            i = bracket(text, i);
        } else if (c == '{') {
            i = braces(text, i);
        } else if (c == '/' && i + 1 < text.size() && text[i + 1] == '/') {
            levels();
            i += 2;
        } else {
            add({Op::character, c, 0, after, 0});
            ++i;
        }
    }
    add({Op::accept, 0, 0, 0, 0});
}

std::uint16_t Pattern::add(Instruction instruction) {
    program_.push_back(instruction);
    return static_cast<std::uint16_t>(program_.size() - 1);
}

/// `[a-z]`, `[!abc]`; a `-` at either end stands for itself.
std::size_t Pattern::bracket(std::string_view text, std::size_t at) {
    const std::size_t end = text.find(']', at + 1);
    if (end == std::string_view::npos)
        throw std::invalid_argument("pattern \"" + text_ + "\": '[' without ']'");
    std::string_view body = text.substr(at + 1, end - at - 1);
    const bool negated = !body.empty() && body.front() == '!';
    if (negated) body.remove_prefix(1);
    Set set{};
    const auto put = [&set](unsigned byte) { set[byte / 64] |= std::uint64_t{1} << (byte % 64); };
    for (std::size_t i = 0; i < body.size(); ++i) {
        const unsigned first = static_cast<unsigned char>(body[i]);
        unsigned last = first;
        if (i + 2 < body.size() && body[i + 1] == '-') {
            last = static_cast<unsigned char>(body[i + 2]);
            i += 2;
        }
        for (unsigned byte = first; byte <= last; ++byte)
            put(byte);
    }
    if (negated)
        for (std::uint64_t& word : set)
            word = ~word;
    constexpr unsigned slash = '/';
    set[slash / 64] &= ~(std::uint64_t{1} << (slash % 64));
    const auto index = static_cast<std::uint16_t>(sets_.size());
    sets_.push_back(set);
    add({Op::set, 0, index, static_cast<std::uint16_t>(program_.size() + 1), 0});
    return end + 1;
}

/// `{one,two}`: a chain of splits, each before one of the texts; all texts end at the same place.
std::size_t Pattern::braces(std::string_view text, std::size_t at) {
    const std::size_t end = text.find('}', at + 1);
    if (end == std::string_view::npos)
        throw std::invalid_argument("pattern \"" + text_ + "\": '{' without '}'");
    std::string_view body = text.substr(at + 1, end - at - 1);
    std::vector<std::uint16_t> jumps;
    for (bool more = true; more;) {
        const std::size_t comma = body.find(',');
        more = comma != std::string_view::npos;
        const std::uint16_t split = add({Op::split, 0, 0, 0, 0});
        program_[split].next = static_cast<std::uint16_t>(split + 1);
        for (const char c : body.substr(0, comma))
            add({Op::character, c, 0, static_cast<std::uint16_t>(program_.size() + 1), 0});
        jumps.push_back(add({Op::split, 0, 0, 0, 0}));
        const auto after = static_cast<std::uint16_t>(program_.size());
        // Without another text to try, the split's second way is its first.
        program_[split].other = more ? after : program_[split].next;
        if (more) body.remove_prefix(comma + 1);
    }
    const auto after = static_cast<std::uint16_t>(program_.size());
    for (const std::uint16_t jump : jumps)
        program_[jump].next = program_[jump].other = after;
    return end + 1;
}

/// `//`: a slash, then any number of whole segments with theirs.
void Pattern::levels() {
    const auto at = static_cast<std::uint16_t>(program_.size());
    const auto plus = [at](int n) { return static_cast<std::uint16_t>(at + n); };
    add({Op::character, '/', 0, plus(1), 0});
    add({Op::split, 0, 0, plus(2), plus(5)});
    add({Op::any, 0, 0, plus(3), 0});
    add({Op::split, 0, 0, plus(2), plus(4)});
    add({Op::character, '/', 0, plus(1), 0});
}

bool Pattern::matches(std::string_view address) const {
    States now(program_.size()), next(program_.size());
    std::vector<std::uint16_t> open;
    const auto follow = [&](States& states, std::uint16_t start) {
        open.assign(1, start);
        while (!open.empty()) {
            const std::uint16_t state = open.back();
            open.pop_back();
            if (!states.insert(state) || program_[state].op != Op::split) continue;
            open.push_back(program_[state].other);
            open.push_back(program_[state].next);
        }
    };
    follow(now, 0);
    for (const char c : address) {
        next.clear();
        const auto byte = static_cast<unsigned char>(c);
        for (std::uint16_t i = 0; i < now.size(); ++i) {
            const Instruction& at = program_[now[i]];
            const bool step =
                (at.op == Op::character && at.character == c) || (at.op == Op::any && c != '/')
                || (at.op == Op::set && (sets_[at.set][byte / 64] >> (byte % 64) & 1U) != 0);
            if (step) follow(next, at.next);
        }
        std::swap(now, next);
        if (now.size() == 0) return false;
    }
    for (std::uint16_t i = 0; i < now.size(); ++i)
        if (program_[now[i]].op == Op::accept) return true;
    return false;
}

} // namespace backline::control
