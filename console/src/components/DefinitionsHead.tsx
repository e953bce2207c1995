import { DefinitionEditor, type DefinitionEditorProps } from "./DefinitionEditor";
import { FindInput } from "./FindInput";
import { PageHeader } from "./PageHeader";
import { Partial } from "./QueryState";
import classes from "./Standing.module.css";

interface Props extends DefinitionEditorProps {
  title: string;
  /** What several are called: `KPIs`. */
  several: string;
  /** How many are shown, once they are known, and whether there are more. */
  count?: number;
  more: boolean;
  find: string;
  onFind: (find: string) => void;
}

/** The head of a page that lists what is defined: how many, a new one, a search by name. */
export function DefinitionsHead(props: Props) {
  const { title, several, count, more, find, onFind, ...editor } = props;
  return (
    <>
      <PageHeader
        title={title}
        time={false}
        aside={count !== undefined && `${count}`}
        actions={<DefinitionEditor {...editor} />}
      />
      <div className={classes.tools}>
        <FindInput
          label={`Search ${several} by name`}
          placeholder={`Search ${several}`}
          value={find}
          onFind={onFind}
        />
      </div>
      {more && <Partial>Only the first {count} are shown: search by name.</Partial>}
    </>
  );
}
