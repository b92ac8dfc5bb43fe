/** One rule of daylight saving time, as the time zone database has it. */
export interface Rule {
  readonly name: string;
  readonly from: number;
  /** Last year; `null` when the rule still holds. */
  readonly to: number | null;
  readonly month: number;
  readonly day: string;
  readonly time: string;
  /** Minutes that clocks are ahead of standard time. */
  readonly saveMinutes: number;
  readonly letters: string;
}

const MONTHS = ["Ja", "F", "Mar", "Ap", "May", "Jun", "Jul", "Au", "S", "O", "N", "D"];

/** A line of `tzdata.zi` (`R NAME FROM TO - MONTH DAY TIME SAVE LETTERS`), or nothing for any other text. */
export function parseRule(line: string): Rule | undefined {
  const [kind, name, from = "", to = "", , month = "", day, time, save = "", letters] = line.split(" ");
  const first = Number.parseInt(from, 10);
  const monthIndex = MONTHS.findIndex((start) => month.startsWith(start));
  const saveMinutes = minutesOf(save);
  const isRule = kind === "R" && Number.isInteger(first) && monthIndex >= 0 && saveMinutes !== undefined;
  if (!isRule || name === undefined || day === undefined || time === undefined) return undefined;
  return {
    name,
    from: first,
    to: to === "o" ? first : to === "ma" ? null : Number.parseInt(to, 10),
    month: monthIndex + 1,
    day,
    time,
    saveMinutes,
    letters: letters === "-" || letters === undefined ? "" : letters,
  };
}

/** "1", "0:30", "-1" or "1s" → minutes. */
function minutesOf(save: string): number | undefined {
  const found = /^(-?)(\d{1,2})(?::(\d{2}))?[sd]?$/.exec(save);
  if (found === null) return undefined;
  const [, sign, hours, minutes = "0"] = found;
  return (Number(hours) * 60 + Number(minutes)) * (sign === "-" ? -1 : 1);
}
