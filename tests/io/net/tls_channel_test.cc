// Channels: two ends that the test joins, at any cut.
#include "io/net/tls_channel.h"
#include "tests/io/net/tls_fixture.h"

#include <random>

namespace
{

class TlsChannel : public TlsFixture
{
  protected:
    struct Side {
        tls_channel *channel = nullptr;
        buf plain{}, out{};
        int error = 0;
        std::string got() const
        {
            return std::string(plain.data ? plain.data : "", plain.size);
        }
    };

    TlsChannel()
    {
        EXPECT_EQ(configure(), "");
    }
    ~TlsChannel() override
    {
        for (Side *s : {&dial, &answer}) {
            tls_channel_free(s->channel);
            buf_release(&s->plain);
            buf_release(&s->out);
        }
    }

    void join(tls_auth auth)
    {
        dial.channel = tls_channel_new(holder, TLS_CLIENT, TLS_AUTH_NO);
        answer.channel = tls_channel_new(holder, TLS_SERVER, auth);
        for (Side *s : {&dial, &answer}) {
            ASSERT_NE(s->channel, nullptr);
            EXPECT_EQ(tls_channel_begin(s->channel, &s->out), 0);
        }
    }

    static void say(Side &s, const std::string &text)
    {
        EXPECT_EQ(tls_channel_send(s.channel, bytes_of(text.data(), text.size()), &s.out), 0);
    }

    // Carries what a has for b, in pieces.
    static void carry(Side &a, Side &b, size_t piece)
    {
        const std::string bytes(a.out.data ? a.out.data : "", a.out.size);
        a.out.size = 0;
        for (size_t at = 0; at < bytes.size() && b.error == 0; at += piece) {
            const std::vector<char> part(bytes.begin() + long(at),
                                         bytes.begin() + long(std::min(bytes.size(), at + piece)));
            b.error = tls_channel_receive(b.channel, bytes_of(part.data(), part.size()), &b.plain,
                                          &b.out);
        }
    }

    void carry_all(size_t piece)
    {
        for (int i = 0; i < 20 && (dial.out.size > 0 || answer.out.size > 0); i++) {
            carry(dial, answer, piece);
            carry(answer, dial, piece);
        }
    }

    Side dial, answer;
};

TEST_F(TlsChannel, AtEveryCut)
{
    const std::string question(40'000, 'q'), reply(70'000, 'r');
    for (const size_t piece : {1, 7, 1000, 1'000'000}) {
        join(TLS_AUTH_YES);
        say(dial, question); // before the handshake
        carry_all(piece);
        EXPECT_TRUE(tls_channel_is_up(dial.channel) && tls_channel_is_up(answer.channel));
        say(answer, reply);
        say(dial, "more");
        carry_all(piece);
        EXPECT_EQ(answer.got(), question + "more");
        EXPECT_EQ(dial.got(), reply);
        tls_channel_end(dial.channel, &dial.out);
        carry(dial, answer, piece);
        EXPECT_EQ(answer.error, 1) << "an orderly end";
        for (Side *s : {&dial, &answer}) {
            tls_channel_free(s->channel);
            s->plain.size = s->out.size = 0;
            s->error = 0;
        }
    }
    dial.channel = answer.channel = nullptr;
}

TEST_F(TlsChannel, AServerThatNobodyVouchesFor)
{
    lk::Certificates::Options o;
    o.signer = "stranger";
    o.authority = true;
    certificates->make("stranger", o);
    name("stranger");
    ASSERT_EQ(configure(), "");
    join(TLS_AUTH_NO);
    carry_all(1'000'000);
    EXPECT_EQ(dial.error, -EPROTO);
    char why[256];
    tls_channel_reason(dial.channel, why, sizeof why);
    EXPECT_NE(std::string(why).find("certificate verify failed"), std::string::npos) << why;
    EXPECT_EQ(answer.error, -EPROTO) << "it hears the alert";
    EXPECT_EQ(tls_channel_send(dial.channel, bytes_cstr("x"), &dial.out), -EPROTO);
}

TEST_F(TlsChannel, Garbage)
{
    std::mt19937_64 random(test_seed());
    for (int i = 0; i < 50; i++) {
        Side s;
        s.channel = tls_channel_new(holder, i % 2 ? TLS_CLIENT : TLS_SERVER, TLS_AUTH_NO);
        EXPECT_EQ(tls_channel_begin(s.channel, &s.out), 0);
        std::string noise(1 + random() % 300, '\0');
        for (char &c : noise)
            c = char(random());
        noise += "\n\n\n\n\n\n";
        const int rc =
            tls_channel_receive(s.channel, bytes_of(noise.data(), noise.size()), &s.plain, &s.out);
        EXPECT_TRUE(rc == 0 || rc == -EPROTO);
        EXPECT_EQ(s.plain.size, 0u);
        tls_channel_free(s.channel);
        buf_release(&s.plain);
        buf_release(&s.out);
    }
}

} // namespace
