/*
 * cluster_message_test.cc — frames of the bus: offsets of the published layout, and lying lengths.
 */
#include "core/peer/cluster_message.h"

#include "tests/support/seed.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <random>
#include <string>

namespace
{

const std::string kId = "0123456789abcdef0123456789abcdef01234567", kOther(40, 'e');

struct Frame {
    buf out = {};
    uint8_t slots[SLOT_BITMAP] = {};
    frame_head head = {};
    ~Frame()
    {
        buf_release(&out);
    }

    explicit Frame(uint16_t type)
    {
        head.type = type;
        head.current_epoch = 0x0102030405060708;
        head.config_epoch = 7;
        head.offset = 9;
        head.id = kId.data();
        head.slots = slots;
        std::memcpy(head.ip, "10.1.2.3", 9);
        head.port = 6379;
        head.other_port = 6380;
        head.bus_port = 16379;
        head.flags = NODE_MASTER;
        head.flags0 = FRAME_EXTENDED;
        slots[0] = 1;      /* slot 0 */
        slots[2047] = 128; /* slot 16383 */
    }
    std::string end(uint32_t entries, uint32_t extensions)
    {
        frame_end(&out, 0, entries, extensions);
        return std::string(out.data, out.size);
    }
};

bytes view(const std::string &s)
{
    return bytes_of(s.data(), s.size());
}

std::string at(const std::string &s, size_t i, size_t n)
{
    return s.substr(i, n);
}

TEST(ClusterMessage, HeadLiesWhereThePublishedLayoutSays)
{
    Frame f(FRAME_PING);
    frame_begin(&f.out, &f.head);
    const std::string s = f.end(0, 0);
    ASSERT_EQ(s.size(), 2256u);
    EXPECT_EQ(at(s, 0, 4), "RCmb");
    EXPECT_EQ(at(s, 4, 4), std::string("\0\0\x08\xd0", 4));
    EXPECT_EQ(at(s, 8, 2), std::string("\0\x01", 2));
    EXPECT_EQ(at(s, 10, 2), std::string("\x18\xeb", 2));
    EXPECT_EQ(at(s, 16, 8), std::string("\1\2\3\4\5\6\7\x08", 8));
    EXPECT_EQ(at(s, 40, 40), kId);
    EXPECT_EQ(s[80], 1);
    EXPECT_EQ(static_cast<uint8_t>(s[2127]), 128);
    EXPECT_EQ(at(s, 2128, 40), std::string(40, '\0'));
    EXPECT_EQ(at(s, 2168, 9), std::string("10.1.2.3", 9));
    EXPECT_EQ(at(s, 2246, 4), std::string("\x18\xec\x3f\xfb", 4));
    EXPECT_EQ(s[2253], FRAME_EXTENDED);
}

TEST(ClusterMessage, WhatIsWrittenIsRead)
{
    Frame f(FRAME_PONG);
    frame_begin(&f.out, &f.head);
    frame_gossip g = {};
    g.id = kOther.data();
    g.ping_sent_s = 5;
    g.pong_received_s = 6;
    std::memcpy(g.ip, "::1", 4);
    g.port = 1;
    g.bus_port = 2;
    g.flags = NODE_REPLICA | NODE_PFAIL;
    g.other_port = 3;
    frame_add_gossip(&f.out, &g);
    frame_add_extension(&f.out, EXTENSION_HOSTNAME, bytes_cstr("a.example"), true);
    frame_add_extension(&f.out, EXTENSION_SHARD_ID, view(kOther), false);
    const std::string s = f.end(1, 2);
    ASSERT_EQ(s.size(), 2256u + 104 + 24 + 48);

    frame_head h;
    ASSERT_TRUE(frame_read(view(s), &h));
    EXPECT_EQ(h.current_epoch, 0x0102030405060708u);
    EXPECT_STREQ(h.ip, "10.1.2.3");
    EXPECT_TRUE(slot_bit(h.slots, 0));
    EXPECT_FALSE(slot_bit(h.slots, 1));
    EXPECT_TRUE(slot_bit(h.slots, 16383));
    frame_gossip r;
    frame_gossip_at(view(s), 0, &r);
    EXPECT_EQ(std::string(r.id, 40), kOther);
    EXPECT_EQ(r.flags, NODE_REPLICA | NODE_PFAIL);
    EXPECT_EQ(r.other_port, 3);
    size_t where = 0;
    uint16_t type;
    bytes value;
    frame_next_extension(view(s), &h, &where, &type, &value);
    EXPECT_EQ(type, EXTENSION_HOSTNAME);
    EXPECT_STREQ(value.data, "a.example");
    frame_next_extension(view(s), &h, &where, &type, &value);
    EXPECT_EQ(std::string(value.data, value.size), kOther);
    EXPECT_EQ(where, s.size());
}

TEST(ClusterMessage, BodiesOfTheOtherTypes)
{
    Frame fail(FRAME_FAIL), update(FRAME_UPDATE), publish(FRAME_PUBLISH);
    frame_head h;
    frame_begin(&fail.out, &fail.head);
    frame_add_fail(&fail.out, kOther.data());
    std::string s = fail.end(0, 0);
    ASSERT_EQ(s.size(), 2296u);
    ASSERT_TRUE(frame_read(view(s), &h));
    EXPECT_EQ(std::string(frame_fail_id(view(s)), 40), kOther);

    frame_begin(&update.out, &update.head);
    frame_add_update(&update.out, 77, kOther.data(), update.slots);
    s = update.end(0, 0);
    ASSERT_EQ(s.size(), 4352u);
    ASSERT_TRUE(frame_read(view(s), &h));
    uint64_t epoch;
    const char *id;
    const uint8_t *slots;
    frame_update(view(s), &epoch, &id, &slots);
    EXPECT_EQ(epoch, 77u);
    EXPECT_EQ(std::string(id, 40), kOther);
    EXPECT_TRUE(slot_bit(slots, 16383));

    frame_begin(&publish.out, &publish.head);
    frame_add_publish(&publish.out, bytes_cstr("ch"), bytes_cstr("message"));
    s = publish.end(1, 0);
    ASSERT_TRUE(frame_read(view(s), &h));
    bytes channel, message;
    frame_publish(view(s), &channel, &message);
    EXPECT_EQ(std::string(channel.data, channel.size), "ch");
    EXPECT_EQ(std::string(message.data, message.size), "message");
}

void put32(std::string &s, size_t i, uint32_t v)
{
    for (int b = 0; b < 4; b++)
        s[i + static_cast<size_t>(b)] = static_cast<char>(v >> (24 - 8 * b));
}

TEST(ClusterMessage, LyingLengthsAreRefused)
{
    frame_head h;
    EXPECT_EQ(frame_length("RCmb\0\0\0\0"), 0u);
    EXPECT_EQ(frame_length("RCmb\xff\xff\xff\xff"), 0u);
    EXPECT_EQ(frame_length("RCmc\0\0\x08\xd0"), 0u);
    EXPECT_EQ(frame_length("RCmb\0\0\x08\xd0"), 2256u);

    Frame f(FRAME_PING);
    frame_begin(&f.out, &f.head);
    frame_add_extension(&f.out, EXTENSION_SHARD_ID, view(kOther), false);
    std::string s = f.end(0, 1);
    ASSERT_TRUE(frame_read(view(s), &h));
    const size_t extension = 2256;
    for (const uint32_t length : {0u, 7u, 12u, 56u, 0xffffffffu}) {
        std::string bad = s;
        put32(bad, extension, length);
        EXPECT_FALSE(frame_read(view(bad), &h)) << length;
    }
    std::string many = s;
    many[14] = many[15] = '\xff'; /* entries of gossip */
    EXPECT_FALSE(frame_read(view(many), &h));
    many = s;
    many[2214] = many[2215] = '\xff'; /* extensions */
    EXPECT_FALSE(frame_read(view(many), &h));

    Frame p(FRAME_PUBLISH);
    frame_begin(&p.out, &p.head);
    frame_add_publish(&p.out, bytes_cstr("c"), bytes_cstr("m"));
    s = p.end(1, 0);
    put32(s, 2256, 0xffffffffu); /* the sum of both lengths overflows 32 bits */
    put32(s, 2260, 3);
    EXPECT_FALSE(frame_read(view(s), &h));
    EXPECT_FALSE(frame_read(bytes_of(s.data(), 2260), &h));
}

TEST(ClusterMessage, RandomBytesBehindAGoodPrefixNeverReadBeyondTheFrame)
{
    std::mt19937_64 rng(test_seed());
    for (int round = 0; round < 2000; round++) {
        Frame f(static_cast<uint16_t>(rng() % 12));
        frame_begin(&f.out, &f.head);
        for (uint64_t n = rng() % 300; n > 0; n--)
            buf_append_char(&f.out, static_cast<char>(rng() % 4 ? 0 : rng()));
        std::string s = f.end(static_cast<uint32_t>(rng() % 4), static_cast<uint32_t>(rng() % 4));
        for (uint64_t n = rng() % 4; n > 0; n--)
            s[8 + rng() % (s.size() - 8)] = static_cast<char>(rng());
        /* A block of its own, so that a sanitizer sees one byte too many. */
        std::unique_ptr<char[]> block(new char[s.size()]);
        std::memcpy(block.get(), s.data(), s.size());
        const bytes frame = bytes_of(block.get(), s.size());
        frame_head h;
        if (!frame_read(frame, &h))
            continue;
        frame_gossip g;
        size_t where = 0;
        uint16_t type;
        bytes value, channel, message;
        if (h.type <= FRAME_MEET) {
            for (uint32_t i = 0; i < h.entries; i++)
                frame_gossip_at(frame, i, &g);
            for (uint32_t i = 0; i < h.extensions; i++)
                frame_next_extension(frame, &h, &where, &type, &value);
            EXPECT_LE(where, frame.size);
        } else if (h.type == FRAME_PUBLISH || h.type == FRAME_PUBLISHSHARD) {
            frame_publish(frame, &channel, &message);
            EXPECT_LE(message.data + message.size, frame.data + frame.size);
        }
    }
}

} // namespace
