/*
 * evmone.cpp: our interpreter and evmone's baseline on the same code, in
 * turn, in one process; evmone.py compiles and feeds it. A line of standard
 * input is a case: name, code, input, in hex (- for none). With `new` the
 * analysis of the code is in the time, else it has been made before. Each
 * case must use the same gas and give the same output. CPU time, medians.
 */
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <iostream>
#include <string>
#include <vector>

#include <evmc/mocked_host.hpp>
#include <evmone/evmone.h>
#include "evmone/baseline.hpp"
#include "evmone/vm.hpp"

extern "C" {
#include "evm/evm.h"
#include "evm/state.h"
}

using bytes = std::vector<uint8_t>;

static constexpr int64_t gas_limit = INT64_C(1) << 40;
static constexpr double round_ns = 3e6;

static double now()
{
	timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static bytes unhex(const std::string &text)
{
	bytes b;

	for (size_t i = 0; text != "-" && i + 1 < text.size(); i += 2)
		b.push_back((uint8_t)std::stoi(text.substr(i, 2), nullptr, 16));
	return b;
}

static void *resize(void *, void *old, size_t, size_t size)
{
	if (size > 0)
		return realloc(old, size);
	free(old);
	return nullptr;
}

struct outcome {
	int64_t gas;
	bytes output;

	bool operator==(const outcome &) const = default;
};

class theirs
{
	const bytes &code;
	bool is_new;
	evmc::VM vm{evmc_create_evmone()};
	evmc::MockedHost host;
	evmc_message msg{};
	evmone::baseline::CodeAnalysis analysis;

      public:
	theirs(const bytes &code, const bytes &input, bool is_new)
	    : code(code), is_new(is_new),
	      analysis(evmone::baseline::analyze({code.data(), code.size()},
						 false))
	{
		msg.gas = gas_limit;
		msg.recipient = evmc::address{0x42};
		msg.sender = evmc::address{1};
		msg.input_data = input.data();
		msg.input_size = input.size();
	}

	evmc::Result run()
	{
		if (is_new)
			return vm.execute(host, EVMC_LONDON, msg, code.data(),
					  code.size());
		return evmc::Result{evmone::baseline::execute(
			*static_cast<evmone::VM *>(vm.get_raw_pointer()),
			evmc::MockedHost::get_interface(), host.to_context(),
			EVMC_LONDON, msg, analysis)};
	}

	outcome look()
	{
		auto r = run();

		return {r.gas_left,
			bytes(r.output_data, r.output_data + r.output_size)};
	}
};

class ours
{
	const bytes &code;
	bool is_new;
	struct evm evm {
	};
	evm_message msg{};
	evm_result result{};

      public:
	ours(const bytes &code, const bytes &input, bool is_new)
	    : code(code), is_new(is_new)
	{
		u256 zero{};

		evm.alloc.resize = resize;
		evm.fork = EVM_LONDON;
		evm.state = evm_state_create(&evm.alloc);
		msg.kind = EVM_CALL;
		msg.gas = gas_limit;
		msg.recipient.bytes[0] = 0x42;
		msg.sender.bytes[0] = 1;
		msg.code_from = msg.recipient;
		msg.input = input.data();
		msg.input_len = input.size();
		if (!evm.state ||
		    evm_state_put(evm.state, &msg.recipient, 1, &zero,
				  code.data(), code.size()) < 0 ||
		    evm_state_put(evm.state, &msg.sender, 1, &zero, nullptr,
				  0) < 0)
			abort();
	}

	~ours()
	{
		evm_fini(&evm);
		evm_state_destroy(evm.state);
	}

	void run()
	{
		if (is_new)
			evm_run_code(&evm, &msg, code.data(), code.size(),
				     &result);
		else
			evm_call(&evm, &msg, &result);
	}

	outcome look()
	{
		run();
		return {result.gas_left,
			bytes(result.output,
			      result.output + result.output_len)};
	}
};

template <class machine> static double time_of(machine &m, int times)
{
	double begin = now();

	for (int i = 0; i < times; i++)
		m.run();
	return (now() - begin) / times;
}

static double median(std::vector<double> v)
{
	std::sort(v.begin(), v.end());
	return v[v.size() / 2];
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 9;
	bool is_new = argc > 2 && strcmp(argv[2], "new") == 0;
	std::string name, code_hex, input_hex;

	while (std::cin >> name >> code_hex >> input_hex) {
		bytes code = unhex(code_hex), input = unhex(input_hex);
		theirs a(code, input, is_new);
		ours b(code, input, is_new);
		std::vector<double> ta, tb;

		if (!(a.look() == b.look())) {
			printf("%s: other gas or output\n", name.c_str());
			return 1;
		}
		int times = std::max(1, (int)(round_ns / time_of(a, 1)));
		time_of(b, 20); /* ours is hot */
		for (int i = 0; i < rounds; i++) {
			ta.push_back(time_of(a, times));
			tb.push_back(time_of(b, times));
		}
		printf("%s %.3f %.3f\n", name.c_str(), median(ta) / 1e3,
		       median(tb) / 1e3);
		fflush(stdout);
	}
	return 0;
}
