// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: MIT
#include "protocol/codec.hpp"

#include "protocol/wire.hpp"

#include <lo/lo.h>

#include <cstring>
#include <memory>
#include <stdexcept>

namespace backline::protocol {
namespace {

struct FreeMessage {
    void operator()(lo_message m) const { lo_message_free(m); }
};
using LoMessage = std::unique_ptr<std::remove_pointer_t<lo_message>, FreeMessage>;

struct FreeBlob {
    void operator()(lo_blob b) const { lo_blob_free(b); }
};
using LoBlob = std::unique_ptr<std::remove_pointer_t<lo_blob>, FreeBlob>;

void append(std::vector<std::byte>& to, std::span<const std::byte> bytes) {
    to.insert(to.end(), bytes.begin(), bytes.end());
}

void append(std::vector<std::byte>& to, std::string_view text) {
    append(to, std::as_bytes(std::span(text)));
}

void append_u32(std::vector<std::byte>& to, std::uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8)
        to.push_back(static_cast<std::byte>(value >> shift & 0xffU));
}

void append_padded(std::vector<std::byte>& to, std::string_view text) {
    append(to, text);
    to.resize(to.size() + wire::padded(text.size()) - text.size());
}

/**
 * The same message under other type tags. liblo knows neither `r` (four bytes, like `i`), nor the
 * brackets (no bytes), nor a blob of size 0 (four zero bytes, like `i`).
 */
std::vector<std::byte> with_tags(std::span<const std::byte> head, std::string_view tags,
                                 std::span<const std::byte> data) {
    std::vector<std::byte> result;
    result.reserve(head.size() + tags.size() + 5 + data.size());
    append(result, head);
    append_padded(result, "," + std::string(tags));
    append(result, data);
    return result;
}

// ---- decoding ----------------------------------------------------------------------------------

/** What liblo knows the argument as; NUL for none at all. */
char liblo_tag(char tag) {
    return tag == 'r' ? 'i' : tag == '[' || tag == ']' ? '\0' : tag;
}

/** liblo aligns arguments to 4 bytes where its union, lo_arg, would want 8: none is looked at. */
template <typename T>
T load(const void* arg) {
    T value;
    std::memcpy(&value, arg, sizeof value);
    return value;
}

Value value_of(char tag, const void* arg) {
    switch (tag) {
    case 'i':
        return load<std::int32_t>(arg);
    case 'f':
        return load<float>(arg);
    case 's':
        return std::string(static_cast<const char*>(arg));
    case 'S':
        return Symbol{static_cast<const char*>(arg)};
    case 'h':
        return load<std::int64_t>(arg);
    case 'd':
        return load<double>(arg);
    case 'c':
        return static_cast<char>(load<std::int32_t>(arg));
    case 'r':
        return Rgba{load<std::uint32_t>(arg)};
    case 'm':
        return load<Midi>(arg);
    case 't': {
        const auto time = load<lo_timetag>(arg);
        return TimeTag{std::uint64_t{time.sec} << 32U | time.frac};
    }
    default:
        break;
    }
    const auto* bytes = static_cast<const std::byte*>(arg) + sizeof(std::int32_t);
    return Blob(bytes, bytes + load<std::int32_t>(arg));
}

Value value_without_data(char tag) {
    switch (tag) {
    case 'T':
        return true;
    case 'F':
        return false;
    case 'I':
        return Infinitum{};
    case '[':
        return ArrayBegin{};
    case ']':
        return ArrayEnd{};
    default:
        return Nil{};
    }
}

/** Lets liblo read a message that wire::check found sound. */
Message read(std::span<const std::byte> bytes, const wire::Layout& layout) {
    Message result{std::string(layout.address), {}};
    if (layout.tags.empty()) return result;

    std::vector<std::byte> retagged;
    if (layout.tags.find_first_of("r[]") != std::string_view::npos) {
        std::string tags;
        for (const char tag : layout.tags)
            if (const char known = liblo_tag(tag)) tags += known;
        retagged = with_tags(bytes.first(layout.tags_at), tags, bytes.subspan(layout.data_at));
        bytes = retagged;
    }
    int status = 0;
    // liblo copies before it swaps bytes; the parameter merely lacks its const.
    const LoMessage message(
        lo_message_deserialise(const_cast<std::byte*>(bytes.data()), bytes.size(), &status));
    if (!message) throw std::bad_alloc();

    lo_arg** argv = lo_message_get_argv(message.get());
    result.args.reserve(layout.tags.size());
    for (const char tag : layout.tags) {
        Argument& arg = result.args.emplace_back();
        if (wire::has_data(tag))
            arg.value = value_of(tag, *argv);
        else
            arg.value = value_without_data(tag);
        if (liblo_tag(tag) != '\0') ++argv;
    }
    return result;
}

class Decoder {
  public:
    explicit Decoder(const Limits& limits) : limits_(limits) {}

    std::optional<Packet> packet(std::span<const std::byte> bytes, std::size_t depth) {
        if (bytes.empty()) return fail("the packet is empty");
        wire::Layout layout;
        if (bytes.size() % 4 != 0) {
            // Whose packet it was can often be told all the same.
            wire::check(bytes.first(bytes.size() / 4 * 4), limits_, layout, error_);
            error_.code = Code::bad_packet;
            return fail("a size of " + std::to_string(bytes.size())
                        + " bytes is not a multiple of 4");
        }
        if (wire::is_bundle(bytes)) return bundle(bytes, depth);
        if (!wire::check(bytes, limits_, layout, error_)) return std::nullopt;
        return read(bytes, layout);
    }

    DecodeError take_error() { return std::move(error_); }

  private:
    std::optional<Packet> bundle(std::span<const std::byte> bytes, std::size_t depth) {
        if (depth >= limits_.nesting)
            return fail("bundles are nested deeper than " + std::to_string(limits_.nesting));
        wire::Cursor cursor(bytes.subspan(wire::kBundleTag.size() + 1));
        const auto time = cursor.u64();
        if (!time) return fail("the bundle ends inside its timetag");

        Bundle result{TimeTag{*time}, {}};
        while (cursor.left() > 0) {
            if (++elements_ > limits_.elements)
                return fail("more than " + std::to_string(limits_.elements) + " bundle members");
            const auto size = cursor.u32();
            if (!size || *size == 0 || *size > cursor.left())
                return fail_member(result, "the size of bundle member "
                                               + std::to_string(result.elements.size())
                                               + " does not fit the bundle");
            auto element = packet(cursor.take(*size), depth + 1);
            if (!element) return fail_member(result, {});
            result.elements.push_back(*std::move(element));
        }
        return result;
    }

    std::nullopt_t fail(std::string text) {
        error_.text = std::move(text);
        return std::nullopt;
    }

    /** A bundle that begins with `/request id "#bundle"` fails under that id. */
    std::nullopt_t fail_member(const Bundle& so_far, std::string text) {
        if (!text.empty()) error_.text = std::move(text);
        if (so_far.elements.empty()) return std::nullopt;
        const auto* head = std::get_if<Message>(&so_far.elements.front());
        if (head != nullptr && head->address == "/request" && head->args.size() == 2
            && head->args[1].as_text() == wire::kBundleTag) {
            error_.address = wire::kBundleTag;
            error_.id = head->args[0].as_int().value_or(0);
        }
        return std::nullopt;
    }

    const Limits& limits_;
    DecodeError error_;
    std::size_t elements_ = 0;
};

// ---- encoding ----------------------------------------------------------------------------------

const char* text_of(const std::string& text, const Message& message) {
    if (text.find('\0') != std::string::npos)
        throw std::invalid_argument("message " + message.address
                                    + ": a text cannot have NUL inside");
    return text.c_str();
}

/** Adds to a liblo message; says which tag liblo took it for (NUL: none). */
struct Adder {
    lo_message to;
    const Message& from;

    void operator()(std::int32_t v) const { lo_message_add_int32(to, v); }
    void operator()(float v) const { lo_message_add_float(to, v); }
    void operator()(const std::string& v) const { lo_message_add_string(to, text_of(v, from)); }
    void operator()(const Symbol& v) const { lo_message_add_symbol(to, text_of(v.text, from)); }
    void operator()(std::int64_t v) const { lo_message_add_int64(to, v); }
    void operator()(double v) const { lo_message_add_double(to, v); }
    void operator()(char v) const { lo_message_add_char(to, v); }
    void operator()(Rgba v) const { lo_message_add_int32(to, static_cast<std::int32_t>(v.value)); }
    void operator()(Midi v) const { lo_message_add_midi(to, v.bytes.data()); }
    void operator()(Nil) const { lo_message_add_nil(to); }
    void operator()(Infinitum) const { lo_message_add_infinitum(to); }
    void operator()(ArrayBegin) const {}
    void operator()(ArrayEnd) const {}
    void operator()(bool v) const { v ? lo_message_add_true(to) : lo_message_add_false(to); }
    void operator()(TimeTag v) const {
        lo_message_add_timetag(to, {static_cast<std::uint32_t>(v.ntp >> 32),
                                    static_cast<std::uint32_t>(v.ntp & 0xffff'ffffU)});
    }
    void operator()(const Blob& v) const {
        if (v.empty()) {
            lo_message_add_int32(to, 0);
            return;
        }
        const LoBlob blob(lo_blob_new(static_cast<std::int32_t>(v.size()), v.data()));
        if (!blob) throw std::bad_alloc();
        lo_message_add_blob(to, blob.get());
    }
};

void encode_into(std::vector<std::byte>& to, const Message& message) {
    if (const auto wrong = wire::address_fault(message.address))
        throw std::invalid_argument("address \"" + message.address + "\": " + *wrong);
    const LoMessage built(lo_message_new());
    if (!built) throw std::bad_alloc();
    for (const Argument& argument : message.args)
        std::visit(Adder{built.get(), message}, argument.value);

    const std::string tags = message.tags();
    std::vector<std::byte> bytes(lo_message_length(built.get(), message.address.c_str()));
    lo_message_serialise(built.get(), message.address.c_str(), bytes.data(), nullptr);
    if (const char* known = lo_message_get_types(built.get()); known != tags) {
        const std::size_t head = wire::padded(message.address.size());
        const std::size_t data = head + wire::padded(std::strlen(known) + 1);
        bytes = with_tags(std::span(bytes).first(head), tags, std::span(bytes).subspan(data));
    }
    append(to, bytes);
}

void encode_into(std::vector<std::byte>& to, const Bundle& bundle) {
    append_padded(to, wire::kBundleTag);
    append_u32(to, static_cast<std::uint32_t>(bundle.time.ntp >> 32));
    append_u32(to, static_cast<std::uint32_t>(bundle.time.ntp & 0xffff'ffffU));
    for (const Element& element : bundle.elements) {
        const std::size_t at = to.size();
        append_u32(to, 0);
        std::visit([&](const auto& e) { encode_into(to, e); }, element);
        const auto size = static_cast<std::uint32_t>(to.size() - at - 4);
        for (std::size_t i = 0; i < 4; ++i)
            to[at + i] = static_cast<std::byte>(size >> (24 - 8 * i) & 0xffU);
    }
}

} // namespace

std::variant<Packet, DecodeError> decode(std::span<const std::byte> bytes, const Limits& limits) {
    if (bytes.size() > limits.packet)
        return DecodeError{Code::bad_packet,
                           "a packet of " + std::to_string(bytes.size()) + " bytes; at most "
                               + std::to_string(limits.packet) + " are taken",
                           {},
                           0};
    Decoder decoder(limits);
    if (auto packet = decoder.packet(bytes, 0)) return *std::move(packet);
    return decoder.take_error();
}

std::vector<std::byte> encode(const Packet& packet) {
    std::vector<std::byte> result;
    std::visit([&](const auto& p) { encode_into(result, p); }, packet);
    return result;
}

std::vector<std::byte> frame(std::span<const std::byte> packet) {
    std::vector<std::byte> result;
    result.reserve(packet.size() + 4);
    append_u32(result, static_cast<std::uint32_t>(packet.size()));
    append(result, packet);
    return result;
}

void FrameReader::feed(std::span<const std::byte> bytes) {
    if (broken_) return;
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(begin_));
    begin_ = 0;
    append(buffer_, bytes);
}

std::optional<std::span<const std::byte>> FrameReader::next() {
    wire::Cursor cursor(std::span<const std::byte>(buffer_).subspan(begin_));
    const auto size = cursor.u32();
    if (broken_ || !size) return std::nullopt;
    // A negative size is one far above any cap.
    if (*size == 0 || *size > cap_) {
        broken_ = true;
        buffer_.clear();
        begin_ = 0;
        return std::nullopt;
    }
    if (cursor.left() < *size) return std::nullopt;
    begin_ += 4 + *size;
    return cursor.take(*size);
}

} // namespace backline::protocol
