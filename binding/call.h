// Calls any operator of libtorch by name, boxed, with arguments converted by its schema.
#pragma once
#include <sstream>

#include "state.h"

namespace binding {

inline std::string fullName(const c10::OperatorName& name) {
  return name.overload_name.empty() ? name.name : name.name + "." + name.overload_name;
}

// operatorNames(): the names of all operators, such as "aten::add.Tensor"
inline napi_value operatorNames(const Arguments& args) {
  return fromList(args.env, c10::Dispatcher::singleton().getAllOpNames(),
                  [&](const c10::OperatorName& name) { return fromText(args.env, fullName(name)); });
}

// lookup(name, overload): the number of an operator, for call() and schema()
inline napi_value lookup(const Arguments& args) {
  const c10::OperatorName name{args.text(0), args.text(1)};
  const auto handle = c10::Dispatcher::singleton().findSchema(name);
  if (!handle) fail("libtorch has no operator " + fullName(name));
  Operator op{*handle, {}, 0};
  for (const auto& argument : handle->schema().arguments()) {
    op.parameters.push_back(classify(argument));
    if (!argument.default_value()) op.required = op.parameters.size();
  }
  auto& operators = args.state.operators;
  operators.push_back(std::move(op));
  return fromNumber(args.env, static_cast<double>(operators.size() - 1));
}

inline const Operator& operatorAt(const Arguments& args) {
  const double index = number(args.env, args[0], "an operator");
  const auto& operators = args.state.operators;
  if (!(index >= 0 && index < operators.size())) fail("expected an operator from lookup()");
  return operators[static_cast<size_t>(index)];
}

// schema(operator): the declaration in libtorch
inline napi_value schema(const Arguments& args) {
  std::ostringstream out;
  out << operatorAt(args).handle.schema();
  return fromText(args.env, out.str());
}

inline void checkCount(const Operator& op, size_t given) {
  const size_t least = op.required, most = op.parameters.size();
  if (given >= least && given <= most) return;
  std::string expected = std::to_string(most);
  if (least < most) expected = std::to_string(least) + " to " + expected;
  fail(fullName(op.handle.operator_name()) + " takes " + expected + (most == 1 ? " argument" : " arguments") +
       ", but received " + std::to_string(given));
}

// Missing and undefined arguments take the schema's defaults.
inline std::vector<c10::IValue> stackFor(const Operator& op, const Arguments& args) {
  const auto& declared = op.handle.schema().arguments();
  std::vector<c10::IValue> stack;
  stack.reserve(declared.size());
  for (size_t i = 0; i < declared.size(); i++) {
    const auto& fallback = declared[i].default_value();
    const bool given = i + 1 < args.count() && !(fallback && args.isNull(i + 1));
    try {
      stack.push_back(given ? toIValue(args.env, args.state.handles, args[i + 1], op.parameters[i]) : *fallback);
    } catch (const std::exception& error) {
      fail(fullName(op.handle.operator_name()) + ": argument " + declared[i].name() + ": " + message(error));
    }
  }
  return stack;
}

// " (Float[2, 3], Long[])": the first tensors among the arguments, for an error
inline std::string shapes(const Operator& op, const Arguments& args) {
  std::ostringstream out;
  size_t count = 0;
  for (size_t i = 0; i < op.parameters.size() && i + 1 < args.count() && count < 4; i++) {
    if (op.parameters[i].kind != Kind::Tensor || args.isNull(i + 1)) continue;
    const at::Tensor& tensor = args.tensor(i + 1);
    out << (count++ ? ", " : " (") << tensor.scalar_type() << tensor.sizes();
  }
  return count ? out.str() + ")" : "";
}

// call(operator, ...arguments)
inline napi_value call(const Arguments& args) {
  const Operator& op = operatorAt(args);
  checkCount(op, args.count() - 1);
  auto stack = stackFor(op, args);
  try {
    op.handle.callBoxed(&stack);
  } catch (const std::exception& error) {
    fail(fullName(op.handle.operator_name()) + shapes(op, args) + ": " + message(error));
  }
  for (const auto& value : stack) {
    if (!hasForm(value)) fail(fullName(op.handle.operator_name()) + " returned a type that has no JavaScript form");
  }
  const auto convert = [&](const c10::IValue& value) { return fromIValue(args.env, args.state.handles, value); };
  if (stack.empty()) return nullptr;
  return stack.size() == 1 ? convert(stack[0]) : fromList(args.env, stack, convert);
}

}  // namespace binding
