import { notifications } from "@mantine/notifications";
import { asApiError } from "@/api/errors";

/** Say that something that the user did has failed. */
export function notifyError(title: string, error: unknown): void {
  const { message, remedy } = asApiError(error);
  notifications.show({
    color: "red",
    title,
    message: remedy ? `${message}; ${remedy}` : message,
    autoClose: 10_000,
  });
}

export function notifyDone(message: string): void {
  notifications.show({ message, autoClose: 4000 });
}
