import { scope, type Tensor } from "../torch/index.js";
import type { Cosines, PrototypeCosines } from "./run-data.js";

/** Cosines of two banks of unit prototypes [C, D]; the rows of unseen classes are 0. */
export function prototypeCosines(banks: { source: Tensor; target: Tensor }): PrototypeCosines {
  const source = numbers(banks.source, banks.source);
  const target = numbers(banks.target, banks.target);
  return { source, target, across: numbers(banks.source, banks.target) };
}

function numbers(rows: Tensor, columns: Tensor): Cosines {
  return scope(() => {
    const classes = rows.size(0);
    const seen = [rows, columns].map((bank) => bank.norm(1).gt(0).numbers());
    const flat = rows.matmul(columns.transpose(0, 1)).numbers();
    return Array.from({ length: classes }, (_, i) =>
      Array.from({ length: classes }, (_, j) =>
        seen[0]?.[i] && seen[1]?.[j]
          ? Math.round((flat[i * classes + j] as number) * 1e4) / 1e4
          : null,
      ),
    );
  });
}
