// A reply and a plain string are built by the same random steps; what is sent must be the string.
#include "core/base/rng.h"
#include "core/proto/resp_segment.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace
{

bytes View(const std::string &s)
{
    return bytes_of(s.data(), s.size());
}

std::string Bulk(const std::string &s)
{
    return "$" + std::to_string(s.size()) + "\r\n" + s + "\r\n";
}

// A value that must be released exactly once, and not be read after that.
struct Shared {
    std::string text;
    std::set<Shared *> *alive;
};

void ReleaseShared(void *arg)
{
    Shared *s = static_cast<Shared *>(arg);
    ASSERT_EQ(s->alive->erase(s), 1u);
    delete s;
}

class Model
{
  public:
    explicit Model(uint64_t seed)
    {
        rng_seed(&rng_, seed);
        reply_init(&r_, 3);
    }
    ~Model()
    {
        reply_release(&r_);
        EXPECT_TRUE(alive_.empty());
    }
    Model(const Model &) = delete;
    Model &operator=(const Model &) = delete;

    // Writes one reply, of nested deferred aggregates perhaps.
    void Write(int depth = 0)
    {
        switch (Below(depth < 4 ? 8 : 5)) {
        case 0: {
            const int64_t v = (int64_t)(rng_next(&rng_) >> Below(64));
            reply_int(&r_, v);
            want_ += ":" + std::to_string(v) + "\r\n";
            break;
        }
        case 1:
        case 2: {
            const std::string s = Text();
            reply_bulk(&r_, View(s));
            want_ += Bulk(s);
            break;
        }
        case 3:
        case 4: {
            const std::string s = Text();
            reply_bulk_begin(&r_, s.size());
            for (size_t at = 0; at < s.size();) {
                const size_t n = 1 + Below(s.size() - at);
                Refer(s.substr(at, n));
                at += n;
            }
            reply_bulk_end(&r_);
            want_ += Bulk(s);
            break;
        }
        case 5: {
            const reply_place mark = reply_mark(&r_);
            const std::string before = want_;
            Write(depth + 1);
            reply_rewind(&r_, mark);
            want_ = before;
            break;
        }
        default:
            WriteDeferred(depth);
        }
    }

    void Send()
    {
        bytes v[5];
        const size_t n = reply_segments(&r_, v, 1 + Below(5));
        ASSERT_EQ(n == 0, want_.empty());
        size_t total = 0;
        for (size_t i = 0; i < n; i++) {
            ASSERT_EQ(std::string(v[i].data, v[i].size), want_.substr(total, v[i].size));
            total += v[i].size;
        }
        const size_t sent = Below(total + 1);
        reply_sent(&r_, sent);
        want_.erase(0, sent);
    }

    void Check() const
    {
        ASSERT_EQ(reply_size(&r_), want_.size());
        std::vector<bytes> v(r_.ref.n * 2 + 1);
        std::string all;
        const size_t n = reply_segments(&r_, v.data(), v.size());
        for (size_t i = 0; i < n; i++)
            all.append(v[i].data, v[i].size);
        ASSERT_EQ(all, want_);
    }

    uint64_t Below(uint64_t n)
    {
        return rng_below(&rng_, n);
    }

  private:
    std::string Text()
    {
        return std::string(Below(10) == 0 ? Below(9000) : Below(40), (char)('a' + Below(26)));
    }

    void Refer(const std::string &s)
    {
        Shared *shared = new Shared{s, &alive_};
        alive_.insert(shared);
        reply_refer(&r_, View(shared->text), ReleaseShared, shared);
    }

    void WriteDeferred(int depth)
    {
        const size_t at = reply_begin_deferred(&r_);
        const std::string before = want_;
        want_.clear();
        const uint64_t n = Below(5);
        for (uint64_t i = 0; i < n; i++)
            Write(depth + 1);
        reply_end_deferred(&r_, at, REPLY_SET, n);
        want_ = before + "~" + std::to_string(n) + "\r\n" + want_;
    }

    rng rng_;
    reply r_;
    std::string want_;
    std::set<Shared *> alive_;
};

TEST(ReplyModel, RandomSteps)
{
    for (uint64_t seed = 1; seed <= 60; seed++) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Model model(seed);
        for (int step = 0; step < 150; step++) {
            if (model.Below(3) > 0)
                model.Write();
            else
                model.Send();
            if (HasFatalFailure())
                return;
            model.Check();
        }
    }
}

} // namespace
