// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "protocol/codec.hpp"

#include "tests/protocol/random_packets.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <random>
#include <string>

namespace backline::protocol {
namespace {

using Bytes = std::vector<std::byte>;

Bytes bytes(std::string_view text) {
    const auto raw = std::as_bytes(std::span(text));
    return {raw.begin(), raw.end()};
}

/** Decodes a copy that ends where its allocation ends, so that an over-read is seen by ASan. */
std::variant<Packet, DecodeError> decode_tight(std::span<const std::byte> data,
                                               const Limits& limits = {}) {
    const auto copy = std::make_unique<std::byte[]>(data.size());
    std::copy(data.begin(), data.end(), copy.get());
    return decode({copy.get(), data.size()}, limits);
}

Packet good(std::string_view text) {
    auto result = decode_tight(bytes(text));
    if (const auto* error = std::get_if<DecodeError>(&result)) {
        ADD_FAILURE() << error->text;
        return Message{};
    }
    return std::get<Packet>(result);
}

DecodeError bad(const Bytes& data, const Limits& limits = {}) {
    auto result = decode_tight(data, limits);
    if (auto* error = std::get_if<DecodeError>(&result)) return *error;
    ADD_FAILURE() << "decoded";
    return {};
}

using namespace std::string_literals;

DecodeError bad(const std::string& text) {
    return bad(bytes(text));
}

TEST(Codec, WritesWhatTheSpecificationShows) {
    // OSC 1.0, "OSC Message Examples".
    EXPECT_EQ(encode(message("/oscillator/4/frequency", 440.0F)),
              bytes("/oscillator/4/frequency\0,f\0\0\x43\xdc\0\0"s));
    EXPECT_EQ(encode(message("/foo", 1000, -1, "hello", 1.234F, 5.678F)),
              bytes("/foo\0\0\0\0,iisff\0\0\0\0\x03\xe8\xff\xff\xff\xffhello\0\0\0"
                    "\x3f\x9d\xf3\xb6\x40\xb5\xb2\x2d"s));
}

TEST(Codec, RoundTripIsTheIdentity) {
    test::RandomPackets random(1);
    for (int i = 0; i < 20'000; ++i) {
        const Packet packet = random.packet();
        const Bytes encoded = encode(packet);
        ASSERT_EQ(encoded.size() % 4, 0U);
        const auto decoded = decode_tight(encoded);
        ASSERT_TRUE(std::holds_alternative<Packet>(decoded))
            << i << ": " << std::get<DecodeError>(decoded).text;
        ASSERT_EQ(std::get<Packet>(decoded), packet) << i;
        ASSERT_EQ(encode(std::get<Packet>(decoded)), encoded) << i;
    }
}

TEST(Codec, NoPrefixOfAMessageIsOne) {
    test::RandomPackets random(2);
    for (int i = 0; i < 300; ++i) {
        const Bytes whole = encode(random.packet());
        for (std::size_t size = 0; size < whole.size(); ++size) {
            const auto result = decode_tight(std::span(whole).first(size));
            // A bundle cut between members is a smaller bundle, and an address that lost its tags
            // has none; all else is refused.
            if (const auto* packet = std::get_if<Packet>(&result)) {
                ASSERT_EQ(size % 4, 0U);
                if (const auto* m = std::get_if<Message>(packet)) {
                    ASSERT_TRUE(m->args.empty());
                }
            }
        }
    }
}

TEST(Codec, SurvivesFlippedBytes) {
    test::RandomPackets random(3);
    std::mt19937 flips(4);
    int accepted = 0, refused = 0;
    for (int i = 0; i < 2'000; ++i) {
        const Bytes whole = encode(random.packet());
        for (int k = 0; k < 50; ++k) {
            Bytes damaged = whole;
            for (std::uint32_t n = 1 + flips() % 4; n > 0; --n)
                damaged[flips() % damaged.size()] = static_cast<std::byte>(flips());
            if (flips() % 8 == 0) damaged.resize(flips() % (damaged.size() + 9));
            const auto result = decode_tight(damaged);
            if (const auto* packet = std::get_if<Packet>(&result)) {
                ++accepted;
                // What is taken is taken whole: it can be sent again and means the same.
                const Bytes again = encode(*packet);
                ASSERT_EQ(encode(std::get<Packet>(decode_tight(again))), again);
            } else {
                ++refused;
                ASSERT_FALSE(std::get<DecodeError>(result).text.empty());
            }
        }
    }
    EXPECT_GT(accepted, 1000);
    EXPECT_GT(refused, 1000);
}

TEST(Codec, SurvivesNoise) {
    std::mt19937 random(5);
    for (int i = 0; i < 100'000; ++i) {
        Bytes noise(random() % 64);
        for (std::byte& b : noise)
            b = static_cast<std::byte>(random());
        if (noise.size() > 8 && random() % 2 != 0) std::memcpy(noise.data(), "#bundle", 8);
        if (noise.size() > 8 && random() % 2 != 0) std::memcpy(noise.data(), "/a\0\0,", 5);
        decode_tight(noise);
    }
}

TEST(Codec, AMessageWithoutTagsHasNoArguments) {
    EXPECT_EQ(good("/xremote\0\0\0\0"s), Packet(message("/xremote")));
    EXPECT_EQ(good("/a\0\0\0\0\0\0"s), Packet(message("/a")));
    EXPECT_EQ(good("/a\0\0,\0\0\0"s), Packet(message("/a")));
}

TEST(Codec, RefusesWhatLibloReadsBeyond) {
    EXPECT_EQ(bad("/a\0\0,b\0\0"s).text, "message /a: argument 1 ends before the size of its blob");
    EXPECT_EQ(bad("#bundle\0\0\0\0\0\0\0\0\1\0\0\0\0"s).text,
              "the size of bundle member 0 does not fit the bundle");
}

TEST(Codec, RefusesBlobsThatDoNotFit) {
    EXPECT_EQ(bad("/a\0\0,b\0\0\xff\xff\xff\xff"s).text,
              "message /a: argument 1 is a blob of -1 bytes where 0 are left");
    bad("/a\0\0,b\0\0\x7f\xff\xff\xff"s);
    bad("/a\0\0,b\0\0\0\0\0\x05xxxx"s);
    EXPECT_EQ(bad("/a\0\0,b\0\0\0\0\0\1xyyy"s).text,
              "message /a: argument 1 is a blob not padded with zeros");
}

TEST(Codec, RefusesOtherMalformedMessages) {
    EXPECT_EQ(bad(""s).text, "the packet is empty");
    bad("/abc"s);                     // no NUL
    bad("/a\0x"s);                    // padding that is not zero
    bad("/ab\0\0"s);                  // not a multiple of 4
    bad("a/b\0"s);                    // no leading slash
    bad("/a b\0\0\0\0"s);             // space
    bad("/\xc3\xa9\0"s);              // not ASCII
    bad("\0\0\0\0"s);                 // no address
    bad("#bundl\0\0"s);               // nearly a bundle
    bad("/a\0\0\0\0\0\1"s);           // an int without tags
    bad("/a\0\0,i\0\0"s);             // argument missing
    bad("/a\0\0,h\0\0\0\0\0\1"s);     // half an argument
    bad("/a\0\0,s\0\0abcd"s);         // no NUL
    bad("/a\0\0,s\0\0a\0\0x"s);       // padding that is not zero
    bad("/a\0\0,s\0\0\xff\xfe\0\0"s); // not UTF-8
    bad("/a\0\0,\0\0\0\0\0\0\1"s);    // more than the tags say
    bad("/a\0\0,[\0\0"s);             // open array
    bad("/a\0\0,]\0\0"s);             // nothing to close
    bad("#bundle\0\0\0\0\0"s);        // half a timetag
    bad("#bundle\0\0\0\0\0\0\0\0\1\0\0\0\x08/a\0\0"s);
}

TEST(Codec, TakesTextsThatAreUtf8Only) {
    const auto takes = [](const std::string& text) {
        std::string data = "/a\0\0,s\0\0"s + text;
        data.resize(8 + (text.size() / 4 + 1) * 4);
        return std::holds_alternative<Packet>(decode_tight(bytes(data)));
    };
    EXPECT_TRUE(takes("grün → 😀"));
    EXPECT_TRUE(takes("\xf4\x8f\xbf\xbf"));  // U+10FFFF
    EXPECT_FALSE(takes("\xf4\x90\x80\x80")); // beyond
    EXPECT_FALSE(takes("\xc0\xaf"));         // overlong '/'
    EXPECT_FALSE(takes("\xe0\x80\xaf"));     // overlong '/'
    EXPECT_FALSE(takes("\xed\xa0\x80"));     // surrogate
    EXPECT_FALSE(takes("\xe2\x82"));         // cut
    EXPECT_FALSE(takes("\x80"));             // continues nothing
    EXPECT_FALSE(takes("\xe2\x82z"));
}

TEST(Codec, NamesAnUnknownType) {
    const DecodeError error = bad("/gain\0\0\0,q\0\0"s);
    EXPECT_EQ(error.code, Code::bad_type);
    EXPECT_EQ(error.address, "/gain");
    EXPECT_NE(error.text.find("argument 1 has the type 'q'"), std::string::npos) << error.text;
}

TEST(Codec, AFaultIsAnswerableUnderTheIdOfItsRequest) {
    Bytes data = encode(message("/request", 7, "/node/add", "eq"));
    data.back() = std::byte{'x'};
    DecodeError error = bad(data);
    EXPECT_EQ(error.id, 7);
    EXPECT_EQ(error.address, "/node/add");

    data = encode(bundle({message("/request", 8, "#bundle"), message("/a", "b")}));
    data.back() = std::byte{'x'};
    error = bad(data);
    EXPECT_EQ(error.id, 8);
    EXPECT_EQ(error.address, "#bundle");
}

TEST(Codec, KeepsItsLimits) {
    Limits limits;
    limits.packet = 64;
    bad(encode(message("/a", std::string(64, 'x'))), limits);
    limits = {};
    const std::string longest(254, 'x');
    EXPECT_TRUE(std::holds_alternative<Packet>(decode(encode(message("/" + longest)))));
    EXPECT_EQ(bad(encode(message("/" + longest + "x"))).code, Code::bad_packet);

    Message many = message("/a");
    many.args.assign(1024, Argument(true));
    EXPECT_TRUE(std::holds_alternative<Packet>(decode(encode(many))));
    many.args.emplace_back(true);
    bad(encode(many));

    Bundle nested = bundle({message("/a")});
    for (int depth = 2; depth <= 8; ++depth)
        nested = Bundle{kImmediately, {nested}};
    EXPECT_TRUE(std::holds_alternative<Packet>(decode(encode(nested))));
    bad(encode(Bundle{kImmediately, {nested}}));

    Message arrays = message("/a");
    arrays.args.assign(8, Argument(ArrayBegin{}));
    arrays.args.insert(arrays.args.end(), 8, Argument(ArrayEnd{}));
    EXPECT_TRUE(std::holds_alternative<Packet>(decode(encode(arrays))));
    arrays.args.insert(arrays.args.begin(), Argument(ArrayBegin{}));
    arrays.args.emplace_back(ArrayEnd{});
    bad(encode(arrays));

    Bundle wide;
    wide.elements.assign(4096, message("/a"));
    limits.packet = 1 << 20;
    EXPECT_TRUE(std::holds_alternative<Packet>(decode(encode(wide), limits)));
    wide.elements.push_back(message("/a"));
    bad(encode(wide), limits);
}

TEST(Codec, RefusesToWriteWhatCannotBeRead) {
    EXPECT_THROW(encode(message("no/slash")), std::invalid_argument);
    EXPECT_THROW(encode(message("")), std::invalid_argument);
    EXPECT_THROW(encode(message("/a b")), std::invalid_argument);
    EXPECT_THROW(encode(message("/a", "nul\0inside"s)), std::invalid_argument);
    EXPECT_THROW(encode(bundle({message("/a", Symbol{"\0"s})})), std::invalid_argument);
}

TEST(FrameReader, CutsAStreamWhereverItIsBroken) {
    test::RandomPackets random(6);
    Bytes stream;
    std::vector<Bytes> packets;
    for (int i = 0; i < 200; ++i) {
        packets.push_back(encode(random.packet()));
        const Bytes framed = frame(packets.back());
        stream.insert(stream.end(), framed.begin(), framed.end());
    }
    for (const std::size_t step : {1U, 3U, 7U, 64U, 1000U, 1'000'000U}) {
        FrameReader reader;
        std::size_t count = 0;
        for (std::size_t at = 0; at < stream.size(); at += step) {
            reader.feed(std::span(stream).subspan(at, std::min(step, stream.size() - at)));
            while (const auto packet = reader.next()) {
                ASSERT_LT(count, packets.size());
                ASSERT_TRUE(std::equal(packet->begin(), packet->end(), packets[count].begin(),
                                       packets[count].end()));
                ++count;
            }
        }
        EXPECT_EQ(count, packets.size());
        EXPECT_EQ(reader.pending(), 0U);
        EXPECT_FALSE(reader.broken());
    }
}

TEST(FrameReader, BreaksOnSizesThatCannotBe) {
    for (const std::string& size :
         {"\0\0\0\0"s, "\xff\xff\xff\xff"s, "\0\0\0\x41"s, "\x80\0\0\0"s}) {
        FrameReader reader(64);
        reader.feed(bytes(size + "/a\0\0"s));
        EXPECT_FALSE(reader.next());
        EXPECT_TRUE(reader.broken());
        reader.feed(frame(encode(message("/a"))));
        EXPECT_FALSE(reader.next());
        EXPECT_EQ(reader.pending(), 0U);
    }
}

} // namespace
} // namespace backline::protocol
