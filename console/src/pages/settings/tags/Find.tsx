import { Anchor, Button, Group, Table, Text, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { client, unwrap } from "@/api/client";
import { useChange, useGet } from "@/api/query";
import { Confirm } from "@/components/Confirm";
import { Listing } from "@/components/Listing";
import { notifyDone, notifyError } from "@/components/notify";
import { Panel } from "@/components/Panel";
import { Empty, ErrorPanel, QueryState } from "@/components/QueryState";
import { useSession } from "@/session/SessionProvider";
import classes from "../settings.module.css";

const PATHS = ["/api/v1/tags"];

interface Props {
  url: { tag: string; resource: string };
  setUrl: (patch: Partial<{ tag: string; resource: string }>) => void;
}

/** Tags of services, hosts, datasets, models: anything that has an identity. */
export function Find({ url, setUrl }: Props) {
  const { session } = useSession();
  const keys = useGet("/api/v1/tags/keys", { params: { query: { limit: 200 } } });
  const found = useGet(
    "/api/v1/tags/resources",
    { params: { query: { tag: [url.tag], limit: 500 } } },
    { enabled: Boolean(url.tag) },
  );
  const search = (event: FormEvent<HTMLFormElement>, name: "tag" | "resource") => {
    event.preventDefault();
    setUrl({ [name]: String(new FormData(event.currentTarget).get(name) ?? "").trim() });
  };
  return (
    <div className={classes.stack}>
      <Panel title="Find by tag">
        <form className={classes.form} onSubmit={(event) => search(event, "tag")}>
          <TextInput
            key={url.tag}
            name="tag"
            label="Tag"
            placeholder="team=payments"
            defaultValue={url.tag}
          />
          <Button type="submit" variant="default">
            Find
          </Button>
        </form>
        <QueryState
          query={keys}
          isEmpty={(data) => !data.keys.length}
          empty={<Empty title="No resource has a tag yet">Give one to a service below.</Empty>}
          height={40}
        >
          {(data) => (
            <Group gap="xs" className={classes.pad}>
              {data.keys.map(({ key, resources }) => (
                <Button
                  key={key}
                  variant="default"
                  size="compact-xs"
                  onClick={() => setUrl({ tag: key })}
                >
                  {key} ({resources})
                </Button>
              ))}
            </Group>
          )}
        </QueryState>
        {url.tag && (
          <QueryState
            query={found}
            isEmpty={(data) => !data.resources.length}
            empty={<Empty title="Nothing has this tag" />}
          >
            {(data) => (
              <ul>
                {data.resources.map((resource) => (
                  <li key={resource}>
                    <Anchor component="button" size="sm" onClick={() => setUrl({ resource })}>
                      {resource}
                    </Anchor>
                  </li>
                ))}
              </ul>
            )}
          </QueryState>
        )}
      </Panel>
      <Panel title="Tags of a resource">
        <form className={classes.form} onSubmit={(event) => search(event, "resource")}>
          <TextInput
            key={url.resource}
            name="resource"
            label="Resource"
            placeholder={`${session.account}/service/checkout`}
            defaultValue={url.resource}
            w={360}
          />
          <Button type="submit" variant="default">
            Show
          </Button>
        </form>
        {url.resource && <TagsOf resource={url.resource} />}
      </Panel>
    </div>
  );
}

function TagsOf({ resource }: { resource: string }) {
  const { can } = useSession();
  const query = useGet(
    "/api/v1/tags",
    { params: { query: { resource } } },
    { keepPrevious: false },
  );
  const [key, setKey] = useState("");
  const [value, setValue] = useState("");
  const set = useChange(
    () =>
      unwrap(
        client.PUT("/api/v1/tags", {
          params: { query: { resource } },
          body: { tags: { [key.trim()]: value } },
        }),
      ),
    PATHS,
  );
  const remove = useChange(
    (name: string) =>
      unwrap(client.DELETE("/api/v1/tags", { params: { query: { resource, key: [name] } } })),
    PATHS,
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    set.mutate(undefined, {
      onSuccess: () => {
        notifyDone("The tag is set");
        setKey("");
        setValue("");
      },
    });
  };
  const write = can("catalog:write");
  return (
    <>
      <QueryState
        query={query}
        isEmpty={(data) => !Object.keys(data.tags).length}
        empty={<Text className={classes.pad}>{resource} has no tags.</Text>}
      >
        {(data) => (
          <Listing dimHead>
            {Object.entries(data.tags).map(([name, held]) => (
              <Table.Tr key={name}>
                <Table.Td w={220}>{name}</Table.Td>
                <Table.Td>{held}</Table.Td>
                <Table.Td ta="right">
                  {write && (
                    <Confirm
                      label="Remove"
                      question={`${resource} is found by ${name} no more.`}
                      confirm="Remove the tag"
                      onConfirm={() =>
                        remove.mutate(name, {
                          onError: (error) => notifyError("The tag was not removed", error),
                        })
                      }
                    />
                  )}
                </Table.Td>
              </Table.Tr>
            ))}
          </Listing>
        )}
      </QueryState>
      {write && (
        <form className={classes.form} onSubmit={submit}>
          <TextInput
            label="Key"
            required
            maxLength={128}
            value={key}
            onChange={(event) => setKey(event.currentTarget.value)}
          />
          <TextInput
            label="Value"
            maxLength={256}
            value={value}
            onChange={(event) => setValue(event.currentTarget.value)}
          />
          <Button type="submit" loading={set.isPending}>
            Set the tag
          </Button>
        </form>
      )}
      {set.error && <ErrorPanel error={set.error} />}
    </>
  );
}
