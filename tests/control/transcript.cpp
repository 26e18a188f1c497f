// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/control/transcript.hpp"

#include "protocol/codec.hpp"
#include "protocol/transport.hpp"

#include <chrono>
#include <cmath>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <vector>

namespace backline::test {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using protocol::Argument;
using protocol::Message;

struct Word {
    std::string text;
    bool quoted = false;
    bool part = false; ///< ~"…"
};

std::vector<Word> split(const std::string& line) {
    std::vector<Word> words;
    for (std::size_t i = 0; i < line.size();) {
        if (line[i] == ' ') {
            ++i;
            continue;
        }
        Word word;
        if (line.compare(i, 2, "~\"") == 0) {
            word.part = true;
            ++i;
        }
        if (line[i] == '"') {
            word.quoted = true;
            for (++i; i < line.size() && line[i] != '"'; ++i) {
                if (line[i] == '\\' && i + 1 < line.size()) {
                    ++i;
                    word.text += line[i] == 'n' ? '\n' : line[i];
                } else {
                    word.text += line[i];
                }
            }
            ++i;
        } else {
            for (; i < line.size() && line[i] != ' '; ++i)
                word.text += line[i];
        }
        words.push_back(std::move(word));
    }
    return words;
}

bool is_number(const std::string& text) {
    const std::size_t begin = !text.empty() && (text[0] == '-' || text[0] == '+') ? 1 : 0;
    return text.size() > begin && std::isdigit(static_cast<unsigned char>(text[begin])) != 0
           && text.find_first_not_of("0123456789.eE+-") == std::string::npos;
}

Argument argument(const Word& word) {
    if (!word.quoted) {
        if (word.text == "T") return true;
        if (word.text == "F") return false;
        if (word.text == "nan") return std::nanf("");
        if (is_number(word.text)) {
            if (word.text.find_first_of(".eE") == std::string::npos)
                return static_cast<std::int32_t>(std::stol(word.text));
            return std::stof(word.text);
        }
    }
    return word.text;
}

Message message(const std::string& line) {
    const auto words = split(line);
    Message result{words.at(0).text, {}};
    for (std::size_t i = 1; i < words.size(); ++i)
        result.args.push_back(argument(words[i]));
    return result;
}

std::string show(const Message& message) {
    std::ostringstream out;
    out << message.address << " ," << message.tags();
    for (const Argument& arg : message.args) {
        out << ' ';
        if (const auto text = arg.as_text())
            out << '"' << *text << '"';
        else if (const auto number = arg.as_number())
            out << *number;
        else
            out << '?';
    }
    return out.str();
}

bool fits(const Word& word, const Argument& got) {
    if (word.part) {
        const auto text = got.as_text();
        return text && text->find(word.text) != std::string_view::npos;
    }
    if (!word.quoted && word.text == "*") return true;
    const std::size_t near = word.quoted ? std::string::npos : word.text.find('~');
    if (near != std::string::npos && is_number(word.text.substr(0, near))) {
        const auto number = got.as_number();
        return number && got.tag() == 'f'
               && std::abs(*number - std::stod(word.text.substr(0, near)))
                      <= std::stod(word.text.substr(near + 1));
    }
    return got == argument(word);
}

bool fits(const std::string& expected, const Message& got) {
    const auto words = split(expected);
    if (words.at(0).text != got.address) return false;
    for (std::size_t i = 1; i < words.size(); ++i) {
        if (!words[i].quoted && words[i].text == "...") return true;
        if (i > got.args.size() || !fits(words[i], got.args[i - 1])) return false;
    }
    return got.args.size() + 1 == words.size();
}

std::vector<std::byte> raw(const std::string& hex) {
    std::vector<std::byte> bytes;
    std::string digits;
    for (const char c : hex)
        if (c != ' ') digits += c;
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
        bytes.push_back(static_cast<std::byte>(std::stoul(digits.substr(i, 2), nullptr, 16)));
    return bytes;
}

class Player {
  public:
    Player(std::filesystem::path file, bool stream) : file_(std::move(file)), stream_(stream) {}

    std::string play() {
        std::ifstream in(file_);
        if (!in) return file_.string() + ": cannot be read";
        for (std::string line; std::getline(in, line);)
            lines_.push_back(line);
        settings();
        if (skip_) return {};
        Rig rig(options_);
        rig_ = &rig;
        if (driver_state_) rig.driver.state = *driver_state_;
        for (at_ = 0; at_ < lines_.size(); ++at_) {
            try {
                if (auto wrong = step(lines_[at_]); !wrong.empty()) return where() + wrong;
            } catch (const std::exception& error) {
                return where() + error.what();
            }
        }
        return {};
    }

  private:
    std::string where() const {
        return file_.filename().string() + ":" + std::to_string(at_ + 1) + ": ";
    }

    void settings() {
        using State = process::DriverStatus::State;
        for (const std::string& line : lines_) {
            if (line.rfind("set ", 0) != 0) continue;
            const auto words = split(line);
            const std::string what = words.at(1).text;
            const std::string value = words.size() > 2 ? words[2].text : "";
            if (what == "cycles") {
                options_.cycles = true;
            } else if (what == "role") {
                options_.role = value == "monitor" ? Role::monitor : Role::control;
                skip_ = stream_;
            } else if (what == "plugins") {
                options_.plugins.push_back(std::string(FIXTURE_DIR) + "/" + value);
            } else if (what == "driver") {
                options_.driver = true;
                driver_state_ = value == "lost"      ? State::lost
                                : value == "stalled" ? State::stalled
                                                     : State::running;
            } else {
                throw std::runtime_error("what is \"" + line + "\"?");
            }
        }
    }

    protocol::Transport& sender(const std::string& name) {
        auto found = senders_.find(name);
        if (found == senders_.end())
            found = senders_
                        .emplace(name, protocol::Transport(protocol::Url::parse(
                                           stream_ ? rig_->unix_url() : rig_->udp_url())))
                        .first;
        return found->second;
    }

    std::string step(const std::string& line) {
        if (line.empty() || line[0] == '#' || line.rfind("set ", 0) == 0) return {};
        if (line.rfind("file ", 0) == 0) {
            const auto words = split(line);
            const auto path = rig_->directory() / words.at(1).text;
            std::filesystem::create_directories(path.parent_path());
            std::ofstream(path) << words.at(2).text;
            return {};
        }
        for (const std::string arrow : {"->", "<-", "<~"}) {
            const std::size_t at = line.find(arrow);
            if (at == std::string::npos || at > 16) continue;
            const std::string name = at == 0 ? "" : line.substr(0, line.find(' '));
            const std::string rest = line.substr(std::min(at + 3, line.size()));
            if (arrow == "->") return send(name, rest);
            return expect(name, rest, arrow == "<~");
        }
        return "what is \"" + line + "\"?";
    }

    std::string send(const std::string& name, const std::string& what) {
        if (what.rfind("raw ", 0) == 0) {
            sender(name).send(raw(what.substr(4)));
        } else if (what.rfind("bundle", 0) == 0) {
            sender(name).send(protocol::encode(read_bundle(what.substr(6))));
        } else {
            sender(name).send(protocol::encode(message(what)));
        }
        return {};
    }

    protocol::Bundle read_bundle(const std::string& when) {
        protocol::Bundle bundle;
        if (const std::size_t raw = when.find("0x"); raw != std::string::npos)
            bundle.time = {std::stoull(when.substr(raw), nullptr, 16)}; // the tag itself
        else if (when.find_first_not_of(' ') != std::string::npos)
            bundle.time = protocol::TimeTag::at(
                std::chrono::system_clock::now()
                + std::chrono::milliseconds(std::lround(std::stod(when) * 1000.0)));
        for (++at_; at_ < lines_.size(); ++at_) {
            const std::size_t begin = lines_[at_].find_first_not_of(' ');
            if (begin == std::string::npos) continue;
            const std::string line = lines_[at_].substr(begin);
            if (line == "end") return bundle;
            if (line.rfind("bundle", 0) == 0)
                bundle.elements.emplace_back(read_bundle(line.substr(6)));
            else
                bundle.elements.emplace_back(message(line));
        }
        throw std::runtime_error("bundle without end");
    }

    std::string expect(const std::string& name, const std::string& what, bool skipping) {
        const auto deadline = Clock::now() + 5s;
        std::string skipped;
        for (;;) {
            const auto packet = sender(name).receive(deadline);
            if (!packet)
                return "expected " + what + ", got nothing within 5 s"
                       + (skipped.empty() ? "" : " but " + skipped);
            const auto& got = std::get<Message>(*packet);
            if (fits(what, got)) return {};
            if (!skipping) return "expected " + what + "\n  got " + show(got);
            skipped = show(got);
        }
    }

    std::filesystem::path file_;
    bool stream_;
    bool skip_ = false;
    Rig::Options options_;
    std::optional<process::DriverStatus::State> driver_state_;
    std::vector<std::string> lines_;
    std::size_t at_ = 0;
    Rig* rig_ = nullptr;
    std::map<std::string, protocol::Transport> senders_;
};

} // namespace

std::string play(const std::filesystem::path& transcript, bool stream) {
    return Player(transcript, stream).play();
}

} // namespace backline::test
