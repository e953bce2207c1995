import classes from "./datasets.module.css";

interface Props {
  rows: readonly Record<string, unknown>[];
  /** The column that stands first. */
  first?: string;
}

const SHOWN_COLUMNS = 40;

/** Rows of data as they were kept. */
export function RowTable({ rows, first }: Props) {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const columns = [
    ...names.filter((one) => one === first),
    ...names.filter((one) => one !== first),
  ];
  return (
    <div className={classes.rows} tabIndex={0} role="region" aria-label="Rows">
      <table>
        <thead>
          <tr>
            {columns.slice(0, SHOWN_COLUMNS).map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: rows have no other identity
            <tr key={at}>
              {columns.slice(0, SHOWN_COLUMNS).map((name) => (
                <td key={name} className="telemetry">
                  {shown(row[name])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function shown(value: unknown): string {
  if (value === null || value === undefined) return "–";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
